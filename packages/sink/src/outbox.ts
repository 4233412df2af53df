// Exactly once into an idempotent sink, behind any stage: the output of an epoch is kept in its checkpoint and sent after it.
//   O1. A record's identity is (shard, epoch, index in the shard's output of the epoch). It is decided once, in `prepare`, and kept with the
//       record: what is sent again after a crash has the same identity, whatever a replay would have made. So are the batches in which they are sent.
//   O2. An epoch is sent only from prepared bytes, so only behind its checkpoint (X1); records of epochs that never counted are never sent.
//   O3. The output of an epoch is bounded by `maxEpochBytes`: it is held in memory and written into the checkpoint.
// Behind stateless stages it is not needed: there the engine's identities (position, index) are stable by themselves.
import type { BackoffPolicy, BatchFailure, Sink, SinkBatch, SinkContext, SinkSession, StreamFlowError } from "@streamflow/core";
import { BatchError, deliver, StateReader, StateWriter, StreamFlowError as Failure, toStreamFlowError } from "@streamflow/core";
import { storeFirstSession } from "./exactly-once.ts";
import { sinkBatch } from "./sink-batch.ts";

/** Options of {@link outboxed}. */
export interface OutboxOptions {
  /** Bytes of output that one epoch may have. @defaultValue 64 MiB */
  readonly maxEpochBytes?: number;
  /** Records sent in one write. @defaultValue 1_000 */
  readonly batchRecords?: number;
  /** Bytes sent in one write, as they are kept in the checkpoint; a larger record is sent alone. @defaultValue unlimited */
  readonly batchBytes?: number;
  /** How a failed send is tried again. @defaultValue 8 attempts; pauses of at most 50 ms at first, doubling up to 10 s */
  readonly retry?: BackoffPolicy & { readonly maxAttempts?: number };
  /** Takes a record that the sink will never take. @defaultValue to the dead letters; without an engine, it fails the commit */
  readonly onReject?: (error: StreamFlowError, value: unknown) => void;
}

/**
 * Makes a store-first transactional sink of an idempotent one, so that it is exactly-once behind windows, joins and aggregates too.
 *
 * Output arrives after the checkpoint of its epoch. Every record is written twice: into the checkpoint, and into the sink.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for a sink that is not idempotent; SF_BUDGET_EXCEEDED, on write, beyond `maxEpochBytes`.
 */
export function outboxed<In>(sink: Sink<In>, options: OutboxOptions = {}): Sink<In> {
  if (sink.capabilities.delivery !== "idempotent") {
    throw new Failure("SF_CONFIG_INVALID", `only an idempotent sink can have an outbox; "${sink.type}" is ${sink.capabilities.delivery}`);
  }
  const { maxEpochBytes = 64 * 1024 * 1024 } = options;
  return {
    type: sink.type,
    capabilities: { delivery: "transactional", commitOrder: "store-first" },
    config: { ...sink.config, outbox: { maxEpochBytes } },
    ...(sink.needs === undefined ? {} : { needs: sink.needs }),
    open: async (context) => openSession(await sink.open(context), context, options),
  };
}

function openSession(inner: SinkSession, context: SinkContext, options: OutboxOptions): SinkSession {
  const { node } = context;
  const { maxEpochBytes = 64 * 1024 * 1024, batchRecords = 1000, batchBytes = Infinity, retry, onReject = context.reject } = options;
  const bounds = { batchRecords, batchBytes };
  const { clock, random } = context.environment;
  const { maxAttempts = 8, ...backoff } = { initialDelayMs: 50, maxDelayMs: 10_000, ...retry };
  const delivery = { capabilities: { delivery: "idempotent" as const }, clock, random, signal: context.signal, maxAttempts, backoff, ...(onReject === undefined ? {} : { reject: onReject }) };
  const name = `outbox of sink "${node}"`;
  let kept = new EpochOutput(bounds);
  return storeFirstSession({
    name,
    stage(batch) {
      if (kept.byteLength > maxEpochBytes) {
        throw new Failure("SF_BUDGET_EXCEEDED", `${name}: the output of one epoch has more than ${maxEpochBytes} bytes`, { hint: "take checkpoints more often, or raise maxEpochBytes" });
      }
      kept.add(batch);
    },
    async seal({ epoch }) {
      const sealed = kept.seal(epoch);
      kept = new EpochOutput(bounds);
      return sealed;
    },
    async publish(sealed) {
      for (const batch of readEpoch(sealed)) await deliver(inner, batch, delivery);
      await inner.flush();
    },
    // Nothing was sent: epochs are sent only behind their checkpoint. If one was, its records are in the target under their identities.
    retract: async () => undefined,
    async reset() {
      kept = new EpochOutput(bounds);
    },
    close: () => inner.close(),
  });
}

/** Records of one epoch, encoded as they come: nothing of a batch is kept (SNK-11). */
class EpochOutput {
  readonly #done: Uint8Array[] = [];
  #out = new StateWriter();
  #doneBytes = 0;
  readonly #counts = new Map<string, number>();
  readonly #bounds: BatchBounds;
  /** Records of each batch that is full, and what there is of the next one. */
  readonly #batches: number[] = [];
  #batchRecords = 0;
  #batchBytes = 0;

  constructor(bounds: BatchBounds) {
    this.#bounds = bounds;
  }

  get byteLength(): number {
    return this.#doneBytes + this.#out.length;
  }

  /** @throws BatchError for records that cannot be kept; the others are. */
  add(batch: SinkBatch): void {
    const failures: BatchFailure[] = [];
    for (let i = 0; i < batch.length; i++) {
      const start = this.#out.length;
      try {
        this.#addOne(batch, i);
        this.#count(this.#out.length - start);
      } catch (thrown) {
        this.#keep(start);
        failures.push({ index: i, error: toStreamFlowError(thrown, "SF_CODEC_ENCODE", "a record cannot be kept") });
      }
    }
    if (failures.length > 0) throw new BatchError(`${failures.length} of ${batch.length} records cannot be kept: ${failures[0]?.error.message}`, failures);
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

/** Where output is cut into what is sent in one write. */
interface BatchBounds {
  readonly batchRecords: number;
  readonly batchBytes: number;
}

function* readEpoch(sealed: Uint8Array): Generator<SinkBatch> {
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
    return sinkBatch(this.#values, {
      timestamps: this.#timestamps,
      ...(this.#changes.some((change) => change !== 0) ? { changes: this.#changes } : {}),
      identityAt: (index) => ({ shard: this.#shards[index] ?? "", origin, index: this.#indexes[index] ?? 0 }),
    });
  }
}
