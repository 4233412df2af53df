// The output of an epoch as bytes: what sinks keep in a checkpoint, to send it behind it.
//   O1. A record is named by shard, epoch and its index in the shard's output of the epoch, and so are batches cut: both are decided once, here.
import type { SinkBatch } from "../contracts/sink.ts";
import { BatchError, type BatchFailure, toStreamFlowError } from "../errors.ts";
import { StateReader, StateWriter } from "../keyed/state-codec.ts";

/** Where output is cut into what is sent in one write. */
export interface EpochBatchBounds {
  readonly batchRecords: number;
  readonly batchBytes: number;
}

/** Records of one epoch, encoded as they come: nothing of a batch is kept (SNK-11). */
export class EpochOutput {
  readonly #done: Uint8Array[] = [];
  #out = new StateWriter();
  #doneBytes = 0;
  readonly #counts = new Map<string, number>();
  readonly #bounds: EpochBatchBounds;
  /** Records of each batch that is full, and what there is of the next one. */
  readonly #batches: number[] = [];
  #batchRecords = 0;
  #batchBytes = 0;

  constructor(bounds: EpochBatchBounds) {
    this.#bounds = bounds;
  }

  get byteLength(): number {
    return this.#doneBytes + this.#out.length;
  }

  /** @throws BatchError for records that cannot be kept; the others are. */
  add(batch: SinkBatch): void {
    const failures: BatchFailure[] = [];
    for (let i = 0; i < batch.length; i++) {
      try {
        this.addRecord(batch, i);
      } catch (thrown) {
        failures.push({ index: i, error: toStreamFlowError(thrown, "SF_CODEC_ENCODE", "a record cannot be kept") });
      }
    }
    if (failures.length > 0) throw new BatchError(`${failures.length} of ${batch.length} records cannot be kept: ${failures[0]?.error.message}`, failures);
  }

  /** @throws for a record that cannot be kept; the others stay. */
  addRecord(batch: SinkBatch, index: number): void {
    const start = this.#out.length;
    try {
      this.#addOne(batch, index);
    } catch (thrown) {
      this.#keep(start);
      throw thrown;
    }
    this.#count(this.#out.length - start);
  }

  /** Undefined where there is nothing. */
  seal(epoch: number): Uint8Array | undefined {
    if (this.byteLength === 0) return undefined;
    this.#keep(this.#out.length);
    if (this.#batchRecords > 0) this.#batches.push(this.#batchRecords);
    const header = new StateWriter();
    header.number(epoch);
    header.number(this.#batches.length);
    for (const records of this.#batches) header.number(records);
    const head = header.finish();
    const sealed = new Uint8Array(head.length + this.#doneBytes);
    sealed.set(head);
    let at = head.length;
    for (const bytes of this.#done) {
      sealed.set(bytes, at);
      at += bytes.length;
    }
    return sealed;
  }

  #addOne(batch: SinkBatch, i: number): void {
    const { shard } = batch.identityAt(i);
    const index = this.#counts.get(shard) ?? 0;
    const out = this.#out;
    out.value(shard);
    out.number(index);
    out.number(batch.timestamps[i] ?? NaN);
    out.number(batch.changes?.[i] ?? 0);
    out.value(batch.values[i]);
    this.#counts.set(shard, index + 1);
  }

  /** One more record of so many bytes, in this batch or in the next one. */
  #count(bytes: number): void {
    const { batchRecords, batchBytes } = this.#bounds;
    if (this.#batchRecords > 0 && (this.#batchRecords >= batchRecords || this.#batchBytes + bytes > batchBytes)) {
      this.#batches.push(this.#batchRecords);
      this.#batchRecords = this.#batchBytes = 0;
    }
    this.#batchRecords++;
    this.#batchBytes += bytes;
  }

  /** Keeps the first bytes of the writer, and starts another. */
  #keep(byteLength: number): void {
    const bytes = this.#out.finish().subarray(0, byteLength);
    this.#done.push(bytes);
    this.#doneBytes += bytes.length;
    this.#out = new StateWriter();
  }
}

/** The batches of an epoch, as `EpochOutput` has cut them. Identities: shard, epoch, index in the shard's output of the epoch. */
export function* readEpoch(sealed: Uint8Array): Generator<SinkBatch> {
  const reader = new StateReader(sealed);
  const epoch = reader.number();
  const batches = Array.from({ length: reader.number() }, () => reader.number());
  for (const records of batches) {
    const part = new Part(epoch);
    for (let i = 0; i < records; i++) part.read(reader);
    yield part.batch();
  }
}

/** Records that are sent together. */
class Part {
  readonly #origin: string;
  readonly #values: unknown[] = [];
  readonly #shards: string[] = [];
  readonly #indexes: number[] = [];
  readonly #timestamps: number[] = [];
  readonly #changes: number[] = [];

  constructor(epoch: number) {
    this.#origin = `epoch ${epoch}`;
  }

  read(reader: StateReader): void {
    this.#shards.push(reader.value() as string);
    this.#indexes.push(reader.number());
    this.#timestamps.push(reader.number());
    this.#changes.push(reader.number());
    this.#values.push(reader.value());
  }

  batch(): SinkBatch {
    const origin = this.#origin;
    return {
      length: this.#values.length,
      values: this.#values,
      timestamps: Float64Array.from(this.#timestamps),
      ...(this.#changes.some((change) => change !== 0) ? { changes: Uint8Array.from(this.#changes) } : {}),
      identityAt: (index) => ({ shard: this.#shards[index] ?? "", origin, index: this.#indexes[index] ?? 0 }),
    };
  }
}
