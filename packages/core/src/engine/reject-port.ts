// Records that could not be processed: to the output "rejected" where something reads it, else to the dead letters.
//   D1. Dead letters are durable before the checkpoint that moves past their records is published.
//   D2. A repeat after a crash adds nothing: every letter has the identity of its record.
import type { Cursor, Emit } from "../contracts/operator.ts";
import type { RecordIdentity } from "../contracts/sink.ts";
import type { LogStore } from "../contracts/stores.ts";
import { deadLetterLog, type DeadLetter, type DeadLetterEntry, encodeDeadLetter } from "../contracts/dead-letter.ts";
import { StreamFlowError } from "../errors.ts";
import { StateWriter } from "../keyed/state-codec.ts";
import type { DeadLetterPolicy } from "../plan/policies.ts";
import { type Batch, rawOf, type Rejected } from "../record.ts";
import { isOfEpoch } from "./sink-port.ts";
import type { PartitionTask } from "./task.ts";

/** What the port is made of. */
export interface RejectPortParts {
  readonly pipeline: string;
  readonly policy: DeadLetterPolicy;
  /** Rejected records of the run before this attempt. */
  readonly totalBefore: number;
  readonly log: LogStore;
  readonly cursor: Cursor;
  readonly nowMs: () => number;
  /** Counts one rejected record of a node. */
  count(node: string): void;
}

/** What is kept of a rejected record. */
interface RejectedRecord {
  readonly partition: string | undefined;
  readonly position: string | undefined;
  readonly raw: Uint8Array | undefined;
  readonly truncated: boolean;
  readonly value?: unknown;
  /** @defaultValue made of node and position */
  readonly key?: string | undefined;
  /** As the node that refused it got it. Absent for a source. */
  readonly entry?: RecordEntry;
}

/** What is known of a record besides its value. */
interface RecordEntry {
  readonly timestampMs: number;
  readonly change: number;
  readonly key?: unknown;
  readonly identity?: RecordIdentity;
}

const defaultMaxBytes = 65_536;
const bufferLimit = 1_024;

/** Rejected records on their way. */
export class RejectPort {
  readonly #parts: RejectPortParts;
  #letters: DeadLetter[] = [];
  #total: number;
  #totalAtBarrier: number;
  #committedTotal: number;
  /** The dead letter that is given to its node again, and the generation of who does that. */
  replaying: { readonly number: number; readonly generation: number } | undefined;
  #batch: Batch | undefined;
  #task: PartitionTask | undefined;
  #item = "";
  #repeats = new Map<string, number>();

  constructor(parts: RejectPortParts) {
    this.#parts = parts;
    this.#total = this.#totalAtBarrier = this.#committedTotal = parts.totalBefore;
  }

  /** So far. */
  get total(): number {
    return this.#total;
  }

  /** Up to the last commit. */
  get committedTotal(): number {
    return this.#committedTotal;
  }

  /** A barrier: everything so far becomes durable, and is counted for good with its commit. */
  async pass(): Promise<void> {
    this.#totalAtBarrier = this.#total;
    await this.flush();
  }

  /** The epoch of the last barrier is committed. */
  committed(): void {
    this.#committedTotal = this.#totalAtBarrier;
  }

  /**
   * The batch in hand, and the task that works on it. `item` tells what was made of one record apart, where an asynchronous stage lets it go on
   * at different times.
   */
  enter(task?: PartitionTask, batch?: Batch, item: string = ""): void {
    this.#task = task;
    this.#batch = batch;
    this.#item = item;
    this.#repeats.clear();
  }

  /** Enough letters wait that they should be written before the next batch. */
  get isFull(): boolean {
    return this.#letters.length >= bufferLimit;
  }

  get isEmpty(): boolean {
    return this.#letters.length === 0;
  }

  /** An input that never became a record. */
  rejectInput(rejected: Rejected): void {
    const source = this.#task?.parts.source ?? "source";
    const output = this.#task?.parts.rejected.get(source);
    if (output !== undefined) {
      this.#parts.count(source);
      output({ code: rejected.error.code, message: rejected.error.message, node: source, partition: this.#batch?.partition ?? null, position: rejected.position, value: null });
      return;
    }
    this.#add(source, rejected.error, { partition: this.#batch?.partition, position: rejected.position, raw: rejected.raw, truncated: rejected.truncated ?? false });
  }

  /**
   * A value that a stage could not process. `outputs` are the connected "rejected" outputs of its scope, by node.
   * @throws the error itself, where the policy says so
   */
  reject(node: string, error: StreamFlowError, value: unknown, outputs?: ReadonlyMap<string, Emit>): void {
    const { cursor } = this.#parts;
    const batch = cursor.index < 0 ? undefined : this.#batch;
    const raw = batch === undefined ? undefined : rawOf(batch, cursor.index);
    const position = batch?.positionAt(cursor.index);
    const output = outputs?.get(node);
    if (output !== undefined) {
      this.#parts.count(node);
      output({ code: error.code, message: error.message, node, partition: batch?.partition ?? null, position: position ?? null, value });
      return;
    }
    const { timestampMs, change, key } = cursor;
    this.#add(node, error, { partition: this.#batch?.partition, position, raw, truncated: false, value, entry: { timestampMs, change, key } });
  }

  /** An output record that a sink will never take. */
  rejectOutput(node: string, error: StreamFlowError, { value, identity, timestampMs, change, raw }: RejectedOutput): void {
    const { shard, origin, index } = identity;
    // Output of timers is counted from restart to restart: it has no name of its own.
    const key = isOfEpoch(identity) ? undefined : JSON.stringify([shard, origin, index, node]);
    this.#add(node, error, { partition: this.#batch?.partition, position: key === undefined ? undefined : origin, raw, truncated: false, value, key, entry: { timestampMs, change, identity } });
  }

  /** An output record that a target has refused at a commit: its identity stays, whatever it is made of. */
  rejectCommitted(node: string, error: StreamFlowError, value: unknown, identity: RecordIdentity): void {
    const { shard, origin, index } = identity;
    this.#add(node, error, { partition: undefined, position: undefined, raw: undefined, truncated: false, value, key: JSON.stringify([shard, origin, index, node]), entry: { timestampMs: NaN, change: 0, identity } });
  }

  #add(node: string, error: StreamFlowError, record: RejectedRecord): void {
    const { policy, pipeline } = this.#parts;
    this.#parts.count(node);
    if (policy.onReject === "fail") throw error;
    this.#total++;
    if (policy.maxRejected !== undefined && this.#total > policy.maxRejected) {
      throw new StreamFlowError("SF_REJECT_LIMIT", `more than ${policy.maxRejected} records were rejected; the last by "${node}": ${error.message}`, { cause: error });
    }
    const maxBytes = policy.maxBytes ?? defaultMaxBytes;
    const raw = record.raw ?? textOf(record.value);
    const entry = record.entry === undefined ? undefined : storedEntry(record.value, record.entry, maxBytes);
    const key = record.key ?? this.#key(node, record.position);
    this.#letters.push({
      pipeline,
      node,
      ...(this.#task === undefined ? {} : { source: this.#task.parts.source }),
      ...(entry === undefined ? {} : { entry }),
      partition: record.partition,
      position: record.position,
      code: error.code,
      message: error.message,
      path: error.location?.path,
      timeMs: this.#parts.nowMs(),
      raw: raw.length > maxBytes ? raw.slice(0, maxBytes) : raw,
      truncated: record.truncated || raw.length > maxBytes,
      ...(this.replaying === undefined ? { key } : replayedLetter(key, this.replaying)),
    });
  }

  /** The n-th rejection of one record by one node is the same after every restart. */
  #key(node: string, position: string | undefined): string | undefined {
    if (position === undefined) return undefined;
    const place = JSON.stringify([this.#task?.parts.source, this.#batch?.partition, position, node, ...(this.#item === "" ? [] : [this.#item])]);
    const repeat = this.#repeats.get(place) ?? 0;
    this.#repeats.set(place, repeat + 1);
    return `${place} ${repeat}`;
  }

  /** Makes everything collected durable. */
  async flush(): Promise<void> {
    if (this.#letters.length === 0) return;
    const letters = this.#letters;
    this.#letters = [];
    const { log, pipeline } = this.#parts;
    await log.append(deadLetterLog(pipeline), letters.map(encodeDeadLetter), { keys: letters.map((letter) => letter.key) });
  }
}

/** Refused again: another letter than the one that is replayed, and than what an attempt before left that was not committed. */
export function replayedLetter(key: string | undefined, { number, generation }: { readonly number: number; readonly generation: number }): { readonly key: string; readonly replayOf: number } {
  return { key: `${(key ?? "").replace(/ of letter \d+ by \d+$/, "")} of letter ${number} by ${generation}`, replayOf: number };
}

/** An output record that its sink will never take. */
export interface RejectedOutput {
  readonly value: unknown;
  readonly identity: RecordIdentity;
  readonly timestampMs: number;
  readonly change: number;
  /** The input that it was made of. */
  readonly raw: Uint8Array | undefined;
}

/** Undefined for what has no stored form, or a larger one than is kept. */
function storedEntry(value: unknown, { timestampMs, change, key, identity }: RecordEntry, maxBytes: number): DeadLetterEntry | undefined {
  const out = new StateWriter();
  try {
    out.value(value);
    out.value(key);
  } catch {
    return undefined;
  }
  const state = out.finish();
  if (state.length > maxBytes) return undefined;
  return { state: Buffer.from(state).toString("base64"), timestampMs: Number.isNaN(timestampMs) ? null : timestampMs, change, ...(identity === undefined ? {} : { identity }) };
}

/** A value without original bytes is kept as text. */
function textOf(value: unknown): Uint8Array {
  let text: string;
  try {
    text = JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item)) ?? String(value);
  } catch {
    text = String(value);
  }
  return Buffer.from(text);
}
