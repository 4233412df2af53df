// Exactly once into an idempotent sink, behind any stage: the output of an epoch is kept in its checkpoint and sent after it.
//   O1. A record's identity is (shard, epoch, index in the shard's output of the epoch). It is decided once, in `prepare`, and kept with the
//       record: what is sent again after a crash has the same identity, whatever a replay would have made. So are the batches in which they are sent.
//   O2. An epoch is sent only from prepared bytes, so only behind its checkpoint (X1); records of epochs that never counted are never sent.
//   O3. The output of an epoch is bounded by `maxEpochBytes`: it is held in memory and written into the checkpoint. At half of it the epoch ends.
// Behind stateless stages it is not needed: there the engine's identities (position, index) are stable by themselves.
import type { BackoffPolicy, Sink, SinkContext, SinkSession, StreamFlowError } from "@streamflow/core";
import { deliver, EpochOutput, readEpoch, StreamFlowError as Failure } from "@streamflow/core";
import { reach } from "./crash-point.ts";
import { storeFirstSession } from "./exactly-once.ts";

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
    wantsBarrier: () => kept.byteLength * 2 >= maxEpochBytes,
    stage(batch) {
      if (kept.byteLength > maxEpochBytes) {
        throw new Failure("SF_BUDGET_EXCEEDED", `${name}: the output of one epoch has more than ${maxEpochBytes} bytes`, { hint: "take checkpoints more often, or raise maxEpochBytes" });
      }
      kept.add(batch);
    },
    async seal({ epoch }) {
      const sealed = kept.seal(epoch);
      kept = new EpochOutput(bounds);
      await reach(context.environment, "outbox.sealed");
      return sealed;
    },
    async publish(sealed) {
      for (const batch of readEpoch(sealed)) {
        await deliver(inner, batch, delivery);
        await reach(context.environment, "outbox.batch-sent");
      }
      await inner.flush();
      await reach(context.environment, "outbox.sent");
    },
    // Nothing was sent: epochs are sent only behind their checkpoint. If one was, its records are in the target under their identities.
    retract: async () => undefined,
    async reset() {
      kept = new EpochOutput(bounds);
    },
    close: () => inner.close(),
  });
}
