// The Fetch request (version 17), answered with the bytes of the record batches: what the client library does with them is left out.
// @see https://kafka.apache.org/protocol#The_Messages_Fetch
import type { AbortedTransaction, KafkaLibrary, WireRequest } from "@streamflow/kafka";

/** What is asked for. */
export interface FetchQuery {
  readonly maxWaitMs: number;
  /** Of each partition, about. */
  readonly fetchBytes: number;
  readonly isCommitted: boolean;
  readonly topics: readonly { readonly id: string; readonly partitions: readonly { readonly partition: number; readonly leaderEpoch: number; readonly offset: bigint }[] }[];
}

/** What a broker answers about one partition. */
export interface FetchedPartition {
  readonly topicId: string;
  readonly partition: number;
  /** Name of the error, where there is one. */
  readonly error: string | undefined;
  /** What to throw for it. */
  readonly failure: unknown;
  /** Whether the error may be gone a little later. */
  readonly isPassing: boolean;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly aborted: readonly AbortedTransaction[];
  readonly records: Uint8Array;
}

const apiKey = 1;
const apiVersion = 17;
const maxBytes = 50 * 1024 * 1024;

/** The request, for this library. */
export function fetchRequest(library: KafkaLibrary): WireRequest<[FetchQuery], readonly FetchedPartition[]> {
  return library.createAPI(apiKey, apiVersion, (query: FetchQuery) => createRequest(library, query), (_id, _key, _version, reader) => parseResponse(library, reader));
}

function createRequest(library: KafkaLibrary, { maxWaitMs, fetchBytes, isCommitted, topics }: FetchQuery): ReturnType<typeof library.fetchV17.createRequest> {
  const wanted = topics.map(({ id, partitions }) => ({
    topicId: id,
    partitions: partitions.map(({ partition, leaderEpoch, offset }) => ({ partition, currentLeaderEpoch: leaderEpoch, fetchOffset: offset, lastFetchedEpoch: -1, partitionMaxBytes: fetchBytes })),
  }));
  // Session 0, epoch -1: no fetch session.
  return library.fetchV17.createRequest(maxWaitMs, 1, maxBytes, isCommitted ? 1 : 0, 0, -1, wanted, [], "");
}

type Reader = Parameters<KafkaLibrary["fetchV17"]["parseResponse"]>[3];

function parseResponse(library: KafkaLibrary, reader: Reader): readonly FetchedPartition[] {
  reader.readInt32();
  const errorCode = reader.readInt16();
  if (errorCode !== 0) throw new library.ResponseError(apiKey, apiVersion, { "": [errorCode, null] }, {});
  reader.readInt32();
  const topics = reader.readArray((topic) => {
    const topicId = topic.readUUID() ?? "";
    return topic.readArray((part) => parsePartition(library, part, topicId), true, false);
  });
  return (topics ?? []).flat();
}

function parsePartition(library: KafkaLibrary, reader: Reader, topicId: string): FetchedPartition {
  const partition = reader.readInt32();
  const errorCode = reader.readInt16();
  const highWatermark = reader.readInt64();
  const lastStableOffset = reader.readInt64();
  const logStartOffset = reader.readInt64();
  const aborted = reader.readNullableArray((one) => ({ producerId: one.readInt64(), firstOffset: one.readInt64() })) ?? [];
  reader.readInt32();
  const size = Math.max(0, reader.readUnsignedVarInt() - 1);
  const records = reader.buffer.slice(reader.position, reader.position + size);
  reader.skip(size);
  reader.readTaggedFields();
  const failure = errorCode === 0 ? undefined : (new library.ProtocolError(errorCode) as unknown as { readonly apiId: string; readonly canRetry: boolean });
  return { topicId, partition, error: failure?.apiId, failure, isPassing: failure?.canRetry ?? false, highWatermark, lastStableOffset, logStartOffset, aborted, records };
}
