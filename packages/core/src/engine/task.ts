// The processing of one input partition: batches in, the fused chain of operators, watermarks out.
// This is where a record is on its way from `ingest/source.ts` to the operators.
import type { Cursor, Emit, OperatorTotals } from "../contracts/operator.ts";
import type { ShardId } from "../contracts/checkpoint-store.ts";
import { type Batch, type ChangeKind, type Position, rowsOf } from "../record.ts";
import type { FusedTask } from "./fused-task.ts";
import type { Gate, MergeInput } from "./gate.ts";
import type { OperatorInstance } from "./instance.ts";
import type { Bridge } from "./bridge.ts";

/** The node that records are added up for in other threads, and the gate in front of it. */
export interface Adding {
  readonly time: Gate;
  readonly totals: OperatorTotals;
}

/** What a partition task is made of. */
export interface TaskParts {
  readonly source: string;
  readonly partition: string;
  readonly cursor: Cursor;
  /** The head of the chain. */
  readonly push: Emit;
  /** The chain as generated code, where there is any. */
  readonly fused: FusedTask;
  readonly adding?: Adding;
  /** Event time in front of the first operator. */
  readonly gate: Gate;
  readonly instances: readonly OperatorInstance[];
  readonly bridges: readonly Bridge[];
  /** Gates that operators move per record, and settle per batch. */
  readonly timeGates: readonly Gate[];
  /** Emitters of connected "rejected" outputs, by node. */
  readonly rejected: ReadonlyMap<string, Emit>;
  /** Its inputs of merges in the shared scope. */
  readonly merges: readonly MergeInput[];
}

/** One partition in work. */
export class PartitionTask {
  readonly parts: TaskParts;
  readonly shard: ShardId;
  /** After the last record handed to the chain; undefined: at the source's configured start. */
  position: Position | undefined;
  /** Records handed to the chain since the very first start. */
  ordinal = 0;
  /** The partition has ended, and its last watermark has been processed. */
  ended = false;
  generation = 0;
  /** The last dead letter that was replayed: part of every checkpoint from then on. 0: none. */
  replayed = 0;
  /** What the source gave with the assignment for sinks to carry. */
  commitToken: unknown;
  /** Monotonic time of the last record. */
  lastRecordMs = 0;

  constructor(parts: TaskParts) {
    this.parts = parts;
    this.shard = partitionShard(parts.source, parts.partition);
  }

  /** Runs a batch through the chain, record by record; synchronous. Operators reject what they cannot process. */
  process(batch: Batch): void {
    if (!this.#isAdded(batch) && !this.parts.fused.run(batch)) this.#push(batch);
    this.parts.cursor.index = -1;
    for (const gate of this.parts.timeGates) gate.settle();
    this.ordinal += batch.length;
    this.position = batch.endPosition;
  }

  /** Takes a batch as its totals, where event time makes nothing due on the way: nothing fires between its records, and none of them is late. */
  #isAdded({ totals }: Batch): boolean {
    const { adding } = this.parts;
    if (totals === undefined || adding === undefined) return false;
    const { time } = adding;
    const watermarkMs = Math.max(time.watermarkMs, totals.watermarkMs);
    if (watermarkMs >= time.nextTimerMs || watermarkMs >= totals.dueMs || !adding.totals.add(totals)) return false;
    time.watermarkMs = watermarkMs;
    return true;
  }

  /** Record by record through closures. */
  #push(batch: Batch): void {
    const { cursor, push } = this.parts;
    const values = rowsOf(batch);
    const { timestamps, changes, keys, length } = batch;
    for (let i = 0; i < length; i++) {
      cursor.index = i;
      cursor.timestampMs = timestamps === undefined ? NaN : timestamps[i]!;
      cursor.change = changes === undefined ? 0 : (changes[i]! as ChangeKind);
      cursor.key = keys?.[i];
      push(values[i]);
    }
  }

  /** The end of a bounded partition: event time becomes +∞ here, and what was open fires. */
  end(): void {
    this.ended = true;
    this.parts.gate.advance(Infinity);
  }

  /** Where event time stands behind the first operator that gives it; −Infinity where none does. */
  get watermarkMs(): number {
    return this.parts.timeGates[0]?.watermarkMs ?? this.parts.gate.watermarkMs;
  }

  /** Records of it are on their way through an asynchronous stage. */
  get isOpen(): boolean {
    return this.parts.instances.some((instance) => instance.asyncStage?.isOpen === true);
  }

  /** An idle partition does not hold back event time behind an exchange. */
  set idle(idle: boolean) {
    for (const merge of this.parts.merges) merge.idle = idle;
  }
}

let lastShard: ShardId = "";

/** The shard of an input partition. Pipelines of one template ask for the same one, each of them: they hold one string. */
export function partitionShard(source: string, partition: string): ShardId {
  const shard = `p:${source}/${partition}`;
  if (shard !== lastShard) lastShard = shard;
  return lastShard;
}

/** The node of the source that a partition's shard is of. */
export function sourceOf(shard: ShardId, partition: string): string {
  return shard.slice("p:".length, -partition.length - 1);
}
