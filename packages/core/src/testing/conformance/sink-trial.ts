// A sink under test, its target, and the shortcuts of the suite.
import assert from "node:assert/strict";
import type { Environment } from "../../contracts/environment.ts";
import type { ShardId } from "../../contracts/checkpoint-store.ts";
import type { Sink, SinkBatch, SinkCapabilities, SinkCommit, SinkSession } from "../../contracts/sink.ts";
import { nextTurn } from "../../node/turn.ts";
import type { Column } from "../../record.ts";
import type { Schema } from "../../schema.ts";
import { isPlainObject } from "../../types/value-path.ts";
import { testEnvironment } from "../environment.ts";
import { textColumn } from "../text-column.ts";

/** A kind of sink, and where it writes. A part that is missing is a capability that the subject lacks. */
export interface SinkHarness<Target> {
  readonly capabilities: SinkCapabilities;
  /** Makes an empty target. */
  create(): Target | Promise<Target>;
  /** Makes a sink on the target; each call stands for another process. */
  sink(target: Target): Sink;
  /** The n-th value that the suite writes: different for every n. */
  value(n: number): unknown;
  /** The n of every value that a reader of the target sees, in the order in which it sees them. */
  visible(target: Target): readonly number[] | Promise<readonly number[]>;
  /** What sinks of the target are opened in. @defaultValue a new `testEnvironment` */
  environment?(target: Target): Environment;
  readonly schema?: Schema;
  readonly keyFields?: readonly string[];
  /** False: readers see records in no particular order. @defaultValue true */
  readonly isOrdered?: boolean;
  /** A value that the sink refuses alone. */
  readonly refusedValue?: unknown;
  /** Lets the target take nothing until the answered function is called. */
  stall?(target: Target): () => void;
  /** @defaultValue 100_000 */
  readonly mostBufferedRecords?: number;
  /** Files, sockets and the like that sinks of the target hold. */
  openHandles?(target: Target): number;
  dispose?(target: Target): void | Promise<void>;
}

/** One run of a case. */
export class SinkTrial<Target> {
  readonly harness: SinkHarness<Target>;
  readonly target: Target;
  readonly #environment: Environment;
  readonly #sessions: SinkSession[] = [];

  private constructor(harness: SinkHarness<Target>, target: Target) {
    this.harness = harness;
    this.target = target;
    this.#environment = harness.environment?.(target) ?? testEnvironment().environment;
  }

  static async begin<T>(harness: SinkHarness<T>): Promise<SinkTrial<T>> {
    return new SinkTrial(harness, await harness.create());
  }

  /** The session that was opened last. */
  get session(): SinkSession {
    return this.#sessions.at(-1) ?? assert.fail("no session is open");
  }

  sink(): Sink {
    return this.harness.sink(this.target);
  }

  /** Opens a sink, as another process does. */
  async open(): Promise<SinkSession> {
    const session = await this.sink().open({
      environment: this.#environment,
      pipeline: "conformance",
      node: "sink",
      schema: this.harness.schema,
      keyFields: this.harness.keyFields,
      signal: new AbortController().signal,
    });
    this.#sessions.push(session);
    return session;
  }

  /** Leaves the session as a dead process leaves it: neither flushed nor closed. It is closed only when the case is over. */
  abandon(): void {
    assert.ok(this.#sessions.length > 0);
  }

  /** Writes the values with these numbers. The same number has the same identity each time. */
  async write(numbers: readonly number[]): Promise<void> {
    await this.session.write(sampleBatch(numbers.map((n) => this.harness.value(n)), numbers));
  }

  /** Commits, in the way of the sink. */
  async commit(epoch: number, options: CommitOptions = {}): Promise<void> {
    const commit = commitOf(epoch, options);
    const { session } = this;
    await session.flush();
    if (session.commitTransaction !== undefined) return session.commitTransaction(commit);
    const prepared = await session.prepare?.(commit);
    assert.ok(prepared !== undefined && session.commitPrepared !== undefined, "a transactional sink can commit");
    await session.commitPrepared(prepared);
  }

  /** Makes what was written visible: by a commit, or by a flush where the sink knows no commits. */
  async makeVisible(epoch: number): Promise<void> {
    if (this.harness.capabilities.delivery === "transactional") await this.commit(epoch);
    else await this.session.flush();
  }

  async visible(): Promise<readonly number[]> {
    const seen = [...(await this.harness.visible(this.target))];
    return this.harness.isOrdered === false ? seen.sort((a, b) => a - b) : seen;
  }

  async expectVisible(numbers: readonly number[], when: string): Promise<void> {
    assert.deepEqual(await this.visible(), [...numbers], `what a reader sees ${when}`);
  }

  /** Lets everything that is on its way arrive. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await nextTurn();
  }

  async end(): Promise<void> {
    for (const session of this.#sessions) await session.close();
    await this.harness.dispose?.(this.target);
  }
}

/** What a commit says, where it is not the usual. */
export interface CommitOptions {
  readonly generation?: number;
  readonly shards?: readonly ShardId[];
}

/** A commit of shard "k:0", generation 1, unless said otherwise. */
export function commitOf(epoch: number, { generation = 1, shards = ["k:0"] }: CommitOptions = {}): SinkCommit {
  return { epoch, shards: shards.map((shard) => ({ shard, generation, epoch, positions: { "source/0": `${epoch}00`, "ä": "9007199254740993" } })) };
}

/** A batch of values whose identities follow from their numbers. @param numbers one for each value, or that of the first */
export function sampleBatch(values: readonly unknown[], numbers: readonly number[] | number = 0): SinkBatch & { timestamps: Float64Array } {
  const numberOf = (index: number): number => (typeof numbers === "number" ? numbers + index : (numbers[index] ?? 0));
  return {
    length: values.length,
    values,
    timestamps: Float64Array.from(values, (_, i) => 1_767_225_600_000 + numberOf(i)),
    identityAt: (index) => ({ shard: "k:0", origin: `${numberOf(index)}`, index: 0 }),
  };
}

/** The values as columns, where they are objects of the same fields. */
export function sampleColumns(values: readonly unknown[]): readonly Column[] | undefined {
  const [first] = values;
  if (!values.every(isPlainObject) || !isPlainObject(first)) return undefined;
  const names = Object.keys(first);
  if (names.length === 0 || !values.every((value) => JSON.stringify(Object.keys(value)) === JSON.stringify(names))) return undefined;
  return names.map((name) => (values.some((value) => typeof value[name] === "string") ? textColumn : plainColumn)(name, values.map((value) => value[name])));
}

function plainColumn(name: string, values: readonly unknown[]): Column {
  return { name, values };
}
