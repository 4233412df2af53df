// What the parts of the wire producer share: the cluster, and how what passes is tried again.
import { retry, StreamFlowError } from "@streamflow/core";
import { isPassing, type BatchCompression, type KafkaLibrary, type KafkaWire, type WireRequest } from "@streamflow/kafka";
import type { ProducerParts } from "./producer.ts";
import { produceRequest, type ProduceQuery } from "./produce-request.ts";

const initialDelayMs = 20;
const maxDelayMs = 1_000;

/** The cluster as producers see it. */
export class WireCluster {
  readonly wire: KafkaWire;
  readonly parts: ProducerParts;
  readonly compression: BatchCompression | undefined;
  readonly #produce: WireRequest<[ProduceQuery], unknown>;

  constructor(wire: KafkaWire, parts: ProducerParts) {
    this.wire = wire;
    this.parts = parts;
    this.compression = compressionOf(wire.library, parts.compression);
    this.#produce = produceRequest(wire.library);
  }

  /** Sends a batch to who leads the partition, once. */
  async produce(query: Omit<ProduceQuery, "timeoutMs">): Promise<void> {
    const { topic, partition } = query;
    if (this.wire.leaderOf(topic, partition) === undefined) await this.wire.refresh([topic]);
    const leader = this.wire.leaderOf(topic, partition);
    if (leader === undefined) throw new StreamFlowError("SF_SINK_UNAVAILABLE", `${this.parts.what}: ${topic}-${partition} has no leader`, { retryable: true });
    await this.wire.call(leader.address, this.#produce, [{ ...query, timeoutMs: this.parts.connection.requestTimeoutMs ?? 30_000 }], "data");
  }

  /** The same for what is asked of who leads a partition: that may have changed. */
  retryAt<Result>(topic: string, work: () => Promise<Result>): Promise<Result> {
    let hasFailed = false;
    return this.retry(
      async () => {
        if (hasFailed) await this.wire.refresh([topic]);
        return await work();
      },
      () => (hasFailed = true),
    );
  }

  /** Tries what passes again until the delivery time-out is over. @param onRetry told before each wait */
  retry<Result>(work: () => Promise<Result>, onRetry?: (error: unknown) => void): Promise<Result> {
    const { clock, random, deliveryTimeoutMs } = this.parts;
    return retry(work, {
      clock, random, maxAttempts: Infinity, maxElapsedMs: deliveryTimeoutMs, initialDelayMs, maxDelayMs, factor: 1.5,
      isRetryable: mayPass,
      ...(onRetry === undefined ? {} : { onRetry }),
    });
  }
}

/** Whether the same may succeed a little later. */
export function mayPass(error: unknown): boolean {
  return StreamFlowError.is(error) ? error.retryable : isPassing(error);
}

function compressionOf(library: KafkaLibrary, name: ProducerParts["compression"]): BatchCompression | undefined {
  if (name === "none") return undefined;
  const { bitmask, compressSync } = library.compressionsAlgorithms[name];
  return { codec: bitmask, compress: (bytes) => compressSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) };
}
