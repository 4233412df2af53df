// Between the operators and one sink: collects what is emitted, hands it over in batches, holds it back while a sink-first sink commits.
//   P1. Order is kept.
//   P2. What is held is bounded: the executor waits while `isFull`.
//   P3. Output of a withheld shard is dropped: the sink has it from before a crash (docs/adr/0001, Recovery 4).
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { Clock } from "../contracts/environment.ts";
import type { Cursor, Emit } from "../contracts/operator.ts";
import type { RecordIdentity, Sink, SinkBatch, SinkSession } from "../contracts/sink.ts";
import { type Batch, type Column, rawOf } from "../record.ts";
import { StreamFlowError, toStreamFlowError } from "../errors.ts";
import { deliver, type DeliverOptions } from "./deliver.ts";
import { type ColumnForm, HeldOutput, lastUpTo } from "./held-output.ts";
import { type RecordShape, ShapeLearner } from "./record-shape.ts";

/** How long `close` waits for a write that does not heed its signal. */
const closeTimeoutMs = 10_000;
/** More than two are in use only while writes overlap. */
const maxFree = 2;

/** What a port is made of. */
export interface SinkPortParts {
  readonly node: string;
  readonly sink: Sink;
  readonly cursor: Cursor;
  /** More records than this are not held. */
  readonly maxHeldRecords: number;
  readonly deliver: DeliverOptions;
}

/** What an emitter into a sink also is: a way in for columns. */
export interface SinkInput {
  readonly port: SinkPort;
  readonly shard: ShardId;
}

/** Output on its way to one sink. */
export class SinkPort {
  readonly node: string;
  readonly sink: Sink;
  session: SinkSession | undefined;
  /** The last write that wanted to be waited for. */
  #writing: Promise<void> | undefined;
  /** Shards whose output the sink already has. */
  readonly withheld: Set<ShardId> = new Set();
  /** Nothing is handed over while the sink commits. */
  held = false;
  /** The epoch that output now belongs to. */
  epoch = 0;
  recordsOut = 0;
  /** Of the one record that now comes: a dead letter keeps its own. */
  replayedIdentity: RecordIdentity | undefined;
  readonly #parts: SinkPortParts;
  /** Collected since the last flush. */
  #output = new HeldOutput();
  /** Was handed over, and is free again. */
  readonly #free: HeldOutput[] = [];
  readonly #learner = new ShapeLearner();
  /** What the records were made from, in stretches; those that were held since an earlier batch have none. */
  #stretches: Stretch[] = [{ from: 0, ...nowhere }];
  #outputIndex = 0;

  constructor(parts: SinkPortParts) {
    this.node = parts.node;
    this.sink = parts.sink;
    this.#parts = parts;
  }

  /** The emitter for output of one shard. */
  input(shard: ShardId): Emit & SinkInput {
    const { cursor } = this.#parts;
    const emit = (value: unknown): void => {
      if (this.withheld.size > 0 && this.withheld.has(shard)) return;
      this.#output.add(value, shard, cursor);
    };
    return Object.assign(emit, { port: this, shard });
  }

  /** The sink takes columns. */
  get readsColumns(): boolean {
    return this.session?.readsColumns === true;
  }

  /** What its records look like, where they come as values. */
  get shape(): RecordShape | undefined {
    return this.#learner.shape;
  }

  /** Where generated code puts the records of a batch of this shard; undefined: nowhere, they are dropped. */
  enterColumns(shard: ShardId, form: ColumnForm): HeldOutput | undefined {
    if (this.withheld.size > 0 && this.withheld.has(shard)) return undefined;
    this.#output.prepare(form);
    return this.#output;
  }

  /**
   * The batch that records are made from now, and its shard: their identities are its positions. Without one, output is that of timers.
   * `item` tells what was made of one record apart, where an asynchronous stage lets it go on at different times.
   */
  enter(batch?: Batch, shard?: ShardId, item: string = ""): void {
    const from = this.#output.length;
    if (this.held && from > 0) {
      this.#stretches = [{ from: 0, ...nowhere }];
      this.#output.own();
    }
    if (this.#stretches.at(-1)?.from === from) this.#stretches.pop();
    this.#stretches.push({ from, batch, batchShard: shard, item });
  }

  /** Nothing waits to be handed over. */
  get isEmpty(): boolean {
    return this.#output.length === 0;
  }

  get isFull(): boolean {
    return this.#output.length >= this.#parts.maxHeldRecords;
  }

  /** Hands over what was collected. Answers a promise only where the sink wants to be waited for. */
  flush(): void | Promise<void> {
    if (this.held || this.isEmpty) return;
    const { session } = this;
    if (session === undefined) throw new StreamFlowError("SF_INTERNAL", `sink "${this.node}" is written before it is open`);
    const output = this.#output;
    const batch = this.#take();
    this.recordsOut += batch.length;
    const delivered = deliver(session, batch, this.#parts.deliver);
    if (delivered === undefined) return this.#giveBack(output);
    const written = this.tell("write", () => delivered.then(() => this.#giveBack(output)));
    this.#writing = written;
    return written;
  }

  /** A step of the sink; what it throws without a code is a failure of this sink. */
  async tell<Result>(step: string, work: () => Promise<Result> | undefined): Promise<Result | undefined> {
    try {
      return await work();
    } catch (thrown) {
      throw toStreamFlowError(thrown, "SF_SINK_FAILED", `sink "${this.node}": ${step}`);
    }
  }

  /** Frees the sink, once the write under way has ended, well or not. Answers false where that was not to be waited for: it is left behind. */
  async close(clock: Clock): Promise<boolean> {
    const isOver = await inTime(this.#writing, clock);
    await this.session?.close();
    return isOver;
  }

  /** Starts counting outputs of the next epoch. */
  nextEpoch(epoch: number): void {
    this.epoch = epoch;
    this.#outputIndex = 0;
  }

  #take(): SinkBatch {
    const output = this.#output;
    const { length, asColumns } = output;
    if (asColumns === undefined && this.readsColumns) this.#learn(output);
    const stretches = this.#stretches;
    const origins: Origins = { output, stretches, epoch: this.epoch, firstOutput: this.#outputIndex, replayed: this.replayedIdentity };
    this.#outputIndex += length;
    this.#output = this.#free.pop() ?? new HeldOutput();
    this.#stretches = [{ ...(stretches.at(-1) ?? nowhere), from: 0 }];
    const { onlyShard } = output;
    const known = {
      ...(onlyShard === undefined ? {} : { shard: onlyShard }),
      length, timestamps: output.times.subarray(0, length), ...(output.anyChange ? { changes: output.changes.subarray(0, length) } : {}),
      identityAt: (index: number) => identity(origins, index),
      rawAt: (index: number) => rawAt(origins, index),
    };
    return asColumns === undefined ? { ...known, values: output.values } : new ColumnBatch(known, asColumns, () => output.values);
  }

  #learn(output: HeldOutput): void {
    if (output.wasRegrouped) this.#learner.missed();
    else this.#learner.observe(output.values);
  }

  /** The sink keeps nothing of a batch when its write is over (SNK-11). */
  #giveBack(output: HeldOutput): void {
    output.clear();
    if (this.#free.length < maxFree) this.#free.push(output);
  }
}

function inTime(work: Promise<void> | undefined, clock: Clock): Promise<boolean> {
  if (work === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const cancel = clock.setTimer(closeTimeoutMs, () => resolve(false));
    const over = (): void => {
      cancel();
      resolve(true);
    };
    work.then(over, over);
  });
}

/** Not an object literal with a getter: V8 makes a hidden class for each of those, which holds on to the getter and all that it knows. */
class ColumnBatch implements SinkBatch {
  readonly length: number;
  readonly columns: readonly Column[];
  readonly timestamps: Float64Array;
  readonly changes?: Uint8Array;
  readonly shard?: ShardId;
  readonly identityAt: (index: number) => RecordIdentity;
  readonly rawAt?: (index: number) => Uint8Array | undefined;
  readonly #rows: () => readonly unknown[];
  #values: readonly unknown[] | undefined;

  constructor({ length, timestamps, changes, shard, identityAt, rawAt: raw }: Omit<SinkBatch, "values">, columns: readonly Column[], rows: () => readonly unknown[]) {
    this.length = length;
    this.timestamps = timestamps;
    if (changes !== undefined) this.changes = changes;
    if (shard !== undefined) this.shard = shard;
    this.identityAt = identityAt;
    if (raw !== undefined) this.rawAt = raw;
    this.columns = columns;
    this.#rows = rows;
  }

  get values(): readonly unknown[] {
    return (this.#values ??= this.#rows());
  }
}

/** Consecutive records that were made from one batch. */
interface Stretch {
  readonly from: number;
  readonly batch: Batch | undefined;
  readonly batchShard: ShardId | undefined;
  readonly item: string;
}

const nowhere: Omit<Stretch, "from"> = { batch: undefined, batchShard: undefined, item: "" };

interface Origins {
  readonly output: HeldOutput;
  readonly stretches: readonly Stretch[];
  readonly epoch: number;
  readonly firstOutput: number;
  readonly replayed: RecordIdentity | undefined;
}

const ofEpoch = "epoch ";

/** Whether a record is named by epoch and count, which change where it is made again. */
export function isOfEpoch({ origin }: RecordIdentity): boolean {
  return origin.startsWith(ofEpoch);
}

/** Output of a record is named by the record's position, behind an exchange with its partition; output of timers by epoch and count. */
function identity({ output, stretches, epoch, firstOutput, replayed }: Origins, index: number): RecordIdentity {
  if (replayed !== undefined) return replayed;
  const shard = output.shardAt(index);
  if (shard === undefined) throw new StreamFlowError("SF_INTERNAL", `there is no record ${index} in this batch`);
  const input = output.indexes[index] ?? -1;
  const { from, batch, batchShard, item } = lastUpTo(stretches, index) ?? { from: 0, ...nowhere };
  if (input < 0 || batch === undefined) return { shard, origin: `${ofEpoch}${epoch}`, index: firstOutput + index };
  let first = index;
  while (first > from && output.indexes[first - 1] === input) first--;
  const position = `${batch.positionAt(input)}${item}`;
  return { shard, origin: shard === batchShard ? position : `${batchShard} ${position}`, index: index - first };
}

function rawAt({ output, stretches }: Origins, index: number): Uint8Array | undefined {
  const input = output.indexes[index] ?? -1;
  const batch = lastUpTo(stretches, index)?.batch;
  return input < 0 || batch === undefined ? undefined : rawOf(batch, input);
}
