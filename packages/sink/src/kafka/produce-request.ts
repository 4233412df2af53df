// The Produce request (version 11) with record batches that are written already: what the client library does with messages is left out.
// @see https://kafka.apache.org/protocol#The_Messages_Produce
import type { KafkaLibrary, WireRequest } from "@streamflow/kafka";

/** A batch for one partition. */
export interface ProduceQuery {
  readonly transactionalId: string | undefined;
  readonly timeoutMs: number;
  readonly topic: string;
  readonly partition: number;
  readonly batch: Uint8Array;
}

const apiKey = 0;
const apiVersion = 11;
/** Answered when all replicas in sync have it. */
const allReplicas = -1;

/** The request, for this library. It throws where the broker has not taken the batch. */
export function produceRequest(library: KafkaLibrary): WireRequest<[ProduceQuery], unknown> {
  const create = ({ transactionalId, timeoutMs, topic, partition, batch }: ProduceQuery): InstanceType<KafkaLibrary["Writer"]> =>
    library.Writer.create()
      .appendString(transactionalId ?? null)
      .appendInt16(allReplicas)
      .appendInt32(timeoutMs)
      .appendArray([topic], (w, name) =>
        w.appendString(name).appendArray([partition], (v, index) =>
          v.appendInt32(index).appendUnsignedVarInt(batch.length + 1).append(Buffer.from(batch.buffer, batch.byteOffset, batch.length))))
      .appendTaggedFields();
  return library.createAPI(apiKey, apiVersion, create, library.produceV11.parseResponse);
}
