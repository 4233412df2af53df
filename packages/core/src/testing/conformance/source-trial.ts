// A source under test, and a reader that checks every batch it is given.
import assert from "node:assert/strict";
import type { Environment } from "../../contracts/environment.ts";
import type { PartitionAssignment, PartitionEvents, PollLimits, Source, SourceCapabilities, SourceSession } from "../../contracts/source.ts";
import { systemClock } from "../../node/clock.ts";
import { PartitionLifecycle } from "../../lifecycle.ts";
import { nextTurn } from "../../node/turn.ts";
import { rowsOf, type Batch, type Position } from "../../record.ts";
import type { Schema } from "../../schema.ts";
import { testEnvironment } from "../environment.ts";
import { checkTypes, type TypedRows, type TypedSource } from "./typed-rows.ts";

/** A kind of source, and the data that it reads. A part that is missing is a capability that the subject lacks. */
export interface SourceHarness<Subject> {
  readonly capabilities: SourceCapabilities;
  /** Makes data of this many different records, over one partition or more. */
  create(records: number): Subject | Promise<Subject>;
  /** Makes a source on the data; each call stands for another process. */
  source(subject: Subject): Source;
  /** The records of each partition, in order, as `rowsOf` is to give them. */
  expected(subject: Subject): ReadonlyMap<string, readonly unknown[]>;
  /** What sources of the subject are opened in. @defaultValue a new `testEnvironment` */
  environment?(subject: Subject): Environment;
  /** Moves time on where the source waits for it. Called whenever the reader waits. */
  tick?(subject: Subject): void | Promise<void>;
  /** Records that sources of the subject have taken from their medium so far. */
  recordsRead?(subject: Subject): number;
  /** Records that the source's options let it read ahead of the consumer, per partition. @defaultValue one batch */
  readonly readAheadRecords?: number;
  /** Files, sockets and the like that sources of the subject hold. */
  openHandles?(subject: Subject): number;
  /** Breaks the connection of open sources. A source that is opened afterwards connects again. */
  loseConnection?(subject: Subject): void | Promise<void>;
  /** How its group takes partitions from open sources and gives them back; without one they are theirs until they close. */
  readonly group?: SourceGroup<Subject>;
  /** Makes a source on typed rows, given their schema; undefined where the medium cannot hold such a fault (SRC-14). */
  typed?(given: TypedRows): TypedSource | undefined | Promise<TypedSource | undefined>;
  /** Makes a source that stays open with nothing to read until `feed` gives it a record; for sources that let a pipeline sleep (SRC-15). */
  silent?(subject: Subject): { readonly source: Source; readonly feed: () => void | Promise<void> };
  dispose?(subject: Subject): void | Promise<void>;
}

/** A group protocol under the suite's control. Each call concerns the one source of the subject that is open. */
export interface SourceGroup<Subject> {
  /** Takes a partition away with notice; resolves when the source has let go of it. */
  revoke(subject: Subject, partition: string): Promise<void>;
  /** Takes a partition away without asking. */
  lose(subject: Subject, partition: string): void | Promise<void>;
  /** Gives a partition (back); resolves when the source knows where to start. */
  assign(subject: Subject, partition: string): Promise<void>;
}

/** Limits that nothing exceeds. */
export const wideLimits: PollLimits = { maxRecords: 1_000_000, maxBytes: 1_000_000_000 };

/** A record as it was read. */
export interface ReadRecord {
  readonly value: unknown;
  readonly position: Position;
}

/** One run of a case. */
export class SourceTrial<Subject> {
  readonly harness: SourceHarness<Subject>;
  readonly subject: Subject;
  readonly expected: ReadonlyMap<string, readonly unknown[]>;
  readonly #environment: Environment;
  readonly #readers: SourceReader[] = [];

  private constructor(harness: SourceHarness<Subject>, subject: Subject) {
    this.harness = harness;
    this.subject = subject;
    this.expected = harness.expected(subject);
    this.#environment = harness.environment?.(subject) ?? testEnvironment().environment;
  }

  static async begin<S>(harness: SourceHarness<S>, records: number): Promise<SourceTrial<S>> {
    return new SourceTrial(harness, await harness.create(records));
  }

  get partitions(): readonly string[] {
    return [...this.expected.keys()];
  }

  source(): Source {
    return this.harness.source(this.subject);
  }

  /** Opens a source that starts after these positions; where there is none, at its beginning. */
  async open(starts: ReadonlyMap<string, Position> = new Map(), limits: PollLimits = wideLimits): Promise<SourceReader> {
    return this.#open(this.source(), { environment: this.#environment, starts, limits });
  }

  /** Opens another source than that of the harness, at its beginning. */
  openSource(source: Source, environment: Environment = testEnvironment().environment): Promise<SourceReader> {
    return this.#open(source, { environment, starts: new Map(), limits: { maxRecords: 7, maxBytes: 1_000_000 } });
  }

  async #open(source: Source, options: { readonly environment: Environment; readonly starts: ReadonlyMap<string, Position>; readonly limits: PollLimits }): Promise<SourceReader> {
    const reader = new SourceReader(() => this.harness.tick?.(this.subject), options.limits);
    this.#readers.push(reader);
    await reader.open(source, options);
    return reader;
  }

  /** Reads every partition from the start positions to its end, by count, and closes. */
  async readAll(limits: PollLimits, starts: ReadonlyMap<string, Position> = new Map(), skipped: ReadonlyMap<string, number> = new Map()): Promise<ReadonlyMap<string, readonly ReadRecord[]>> {
    const reader = await this.open(starts, limits);
    for (const [partition, values] of this.expected) await reader.readRecords(partition, values.length - (skipped.get(partition) ?? 0));
    if (this.harness.capabilities.bounded) for (const partition of this.partitions) await reader.readToEnd(partition);
    await reader.close();
    return reader.records;
  }

  /** Fails unless these are the expected records, without the first so many of each partition. */
  expectRecords(records: ReadonlyMap<string, readonly ReadRecord[]>, when: string, skipped: ReadonlyMap<string, number> = new Map()): void {
    for (const [partition, values] of this.expected) {
      const found = (records.get(partition) ?? []).map((record) => record.value);
      assert.deepEqual(found, values.slice(skipped.get(partition) ?? 0), `records of partition "${partition}" ${when}`);
    }
  }

  async end(): Promise<void> {
    for (const reader of this.#readers) await reader.close();
    await this.harness.dispose?.(this.subject);
  }
}

/** How long a source may keep a reader waiting before the case fails, in milliseconds of real time. */
const patienceMs = 5000;

/** Reads an open source as the engine does. */
export class SourceReader {
  readonly records: Map<string, ReadRecord[]> = new Map();
  readonly batches: Batch[] = [];
  readonly assigned: PartitionAssignment[] = [];
  /** What was revoked or lost, as it was told: `revoked a`. */
  readonly told: string[] = [];
  /** Where partitions are to start that are assigned from now on. */
  readonly starts: Map<string, Position> = new Map();
  /** What a revocation waits for, before the partition is let go. */
  checkpoint: Promise<void> = Promise.resolve();
  readonly controller: AbortController = new AbortController();
  readonly #tick: () => void | Promise<void>;
  readonly #limits: PollLimits;
  readonly #lives = new Map<string, PartitionLifecycle>();
  #session: SourceSession | undefined;
  #schema: Schema | undefined;

  constructor(tick: () => void | Promise<void>, limits: PollLimits) {
    this.#tick = tick;
    this.#limits = limits;
  }

  get session(): SourceSession {
    return this.#session ?? assert.fail("the source is not open");
  }

  async open(source: Source, { environment, starts: first }: { readonly environment: Environment; readonly starts: ReadonlyMap<string, Position> }): Promise<void> {
    for (const [partition, position] of first) this.starts.set(partition, position);
    const partitions: PartitionEvents = {
      assigned: async (given) => {
        this.assigned.push(...given);
        for (const { partition } of given) this.#assign(partition);
        return new Map(given.map(({ partition }) => [partition, this.starts.get(partition)]));
      },
      revoked: async (names, deadlineMs) => {
        this.told.push(...names.map((name) => `revoked ${name}`));
        assert.ok(deadlineMs > 0, `PRT-2: a revocation leaves time to let go, got a deadline of ${deadlineMs} ms`);
        for (const name of names) this.#life(name).move("revoking", "revoke");
        await this.checkpoint;
        for (const name of names) this.#life(name).move("released", "release");
      },
      lost: (names) => {
        this.told.push(...names.map((name) => `lost ${name}`));
        for (const name of names) this.#life(name).move("lost", "lose");
      },
    };
    const { signal } = this.controller;
    this.#schema = source.schema;
    this.#session = await source.open({ environment, node: "source", projection: "all", partitions, signal, maxRejectedBytes: 65_536, limits: this.#limits });
  }

  /** Polls once, checks what comes, and keeps it. */
  poll(partition: string): Batch | "idle" | "end" {
    const answer: unknown = this.session.poll(partition, this.#limits);
    if (answer === "end" && this.#life(partition).can("finished")) this.#life(partition).move("finished", "finish");
    if (answer === "idle" || answer === "end") return answer;
    this.#life(partition).require(["assigned"], "read");
    assert.ok(typeof answer === "object" && answer !== null && !("then" in answer), `SRC-9: poll answers at once, got ${String(answer)}`);
    const batch = answer as Batch;
    this.#check(partition, batch);
    this.batches.push(batch);
    return batch;
  }

  /** Polls until something other than "idle" comes. The batch is not released. */
  async next(partition: string): Promise<Batch | "end"> {
    for (;;) {
      const answer = this.poll(partition);
      if (answer !== "idle") return answer;
      await this.waitReady();
    }
  }

  /** Waits for `ready`, while time moves on. */
  async waitReady(): Promise<void> {
    let isReady = false;
    const ready = this.session.ready().finally(() => {
      isReady = true;
    });
    // Its failure is seen below.
    ready.catch(() => undefined);
    const clock = systemClock();
    const startMs = clock.monotonicMs();
    while (!isReady) {
      assert.ok(clock.monotonicMs() - startMs < patienceMs, `SRC-9: ready() did not resolve within ${patienceMs} ms`);
      await nextTurn();
      if (!isReady) await this.#tick();
    }
    await ready;
  }

  async readRecords(partition: string, count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      const batch = await this.next(partition);
      assert.ok(batch !== "end", `partition "${partition}" ended ${left} records early`);
      left -= batch.length;
      this.keep(partition, batch);
      batch.release?.();
    }
  }

  async readToEnd(partition: string): Promise<void> {
    for (let batch = await this.next(partition); batch !== "end"; batch = await this.next(partition)) {
      this.keep(partition, batch);
      batch.release?.();
    }
  }

  async close(): Promise<void> {
    await this.#session?.close();
  }

  /** PRT-4: what has finished is not assigned again, and what is held is not assigned twice. */
  #assign(partition: string): void {
    const known = this.#lives.get(partition);
    if (known === undefined) this.#lives.set(partition, new PartitionLifecycle(partition));
    else known.move("assigned", "assign");
  }

  #life(partition: string): PartitionLifecycle {
    return this.#lives.get(partition) ?? assert.fail(`PRT-1: partition "${partition}" was never assigned`);
  }

  /** Takes down a batch that was read. */
  keep(partition: string, batch: Batch): void {
    const kept = this.records.get(partition) ?? [];
    rowsOf(batch).forEach((value, i) => kept.push({ value, position: batch.positionAt(i) }));
    this.records.set(partition, kept);
  }

  #check(partition: string, batch: Batch): void {
    const { length, byteLength, timestamps, keys, changes, raw, columns, values, transactionEnds = [], rejected = [] } = batch;
    assert.equal(batch.partition, partition, "a batch is of the partition that was polled");
    assert.ok(length > 0 || rejected.length > 0, "SRC-9: a batch is never empty");
    assert.ok(length <= this.#limits.maxRecords, `SRC-10: ${length} records in a batch, at most ${this.#limits.maxRecords}`);
    assert.ok(byteLength > 0, "a batch counts for something in the memory budget");
    assert.ok(length <= 1 || byteLength <= this.#limits.maxBytes, `SRC-10: ${byteLength} bytes in a batch of ${length}, at most ${this.#limits.maxBytes}`);
    for (const list of [timestamps, keys, changes, raw?.starts, raw?.ends, values]) assert.ok(list === undefined || list.length >= length, "every part of a batch covers all records");
    for (const column of columns ?? []) assert.ok(column.values.length >= length, `column "${column.name}" covers all records`);
    assert.ok(transactionEnds.every((end, i) => end < length && end > (transactionEnds[i - 1] ?? -1)), "B8: transaction ends are ascending indexes");
    const isLastARecord = rejected.every((one) => one.beforeIndex < length);
    if (this.#schema !== undefined) checkTypes(batch, this.#schema);
    if (length > 0 && isLastARecord) assert.equal(batch.endPosition, batch.positionAt(length - 1), "B7: the end position is that of the last input");
  }
}
