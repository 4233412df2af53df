// What the Kafka source asks of a client library. Two drivers answer: wire-consumer.ts (@platformatic/kafka) and kafkajs-consumer.ts.
// Both pass the same suite on a real broker: e2e/kafka.
import type { RecordBlock } from "./record-block.ts";

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The name of a partition in the plan: `orders-3`. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** The partition that a name means. */
export function namedPartition(name: string): TopicPartition {
  const at = name.lastIndexOf("-");
  return { topic: name.slice(0, at), partition: Number(name.slice(at + 1)) };
}

/** What a driver can do; the suite skips by these alone. */
export interface ConsumerCapabilities {
  /** A partition is let go `before` the group gives it to another member, or the driver hears of it `after` that. */
  readonly handover: "before" | "after";
  /** A rebalance leaves alone what stays where it is. */
  readonly incremental: boolean;
  /** Offsets can be committed under the member's epoch: a member that is not one any more is refused. */
  readonly fencesByGeneration: boolean;
}

/** What a consumer tells; one call after another. */
export interface ConsumerListener {
  /** These are ours now. Nothing of them is fetched before `start`. */
  assigned(partitions: readonly TopicPartition[], generation: number): Promise<void>;
  /** These go to somebody else: resolves when they are let go. Nothing of them is taken after the call. */
  revoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** These have gone to somebody else: nothing of them may be committed. */
  lost(partitions: readonly TopicPartition[]): void;
  /** Whether a partition may be fetched now: there is memory for it. Asked before each fetch, where the client lets us. */
  mayFetch(partition: string): boolean;
  /** A fetch of a partition has ended with a block of so many bytes, which waits to be taken; 0: nothing came. The next fetch begins at `nextOffset`. */
  fetched(partition: string, byteLength: number, nextOffset: bigint): void;
  /** The consumer is of no use any more. */
  failed(error: unknown): void;
}

/** Where reading starts. */
export type OffsetSpec = "earliest" | "latest" | { readonly atMs: number };

/**
 * A consumer of one pipeline.
 * - KCN-1. `take` answers what was fetched of a partition from its start offset on, in order, each record once; undefined: nothing yet.
 * - KCN-2. Of transactions, `take` answers what was committed, and nothing of what was aborted, whatever the size and order of fetches; never a control record.
 * - KCN-3. Of each partition at most one block waits; nothing more is fetched before it is taken.
 * - KCN-4. `open` resolves when the listener has heard of the first assignment; it may be empty.
 * - KCN-5. The group is kept alive by the driver itself, however long `revoked`, `assigned` or the taker of a block take.
 * - KCN-6. A partition that was revoked or lost is not taken from, until it is assigned again.
 * - KCN-7. A lost connection is made anew for as long as the session lasts; what then fails is told to `failed`, as an error of the client.
 * - KCN-8. `close` leaves the group at once: its partitions need not wait for the session to run out.
 */
export interface KafkaConsumer {
  readonly capabilities: ConsumerCapabilities;
  /** Id of the cluster, once it is open. */
  readonly cluster: string;
  open(listener: ConsumerListener): Promise<void>;
  /** The first offset at or after a place, of each partition. */
  offsets(partitions: readonly TopicPartition[], at: OffsetSpec): Promise<ReadonlyMap<string, bigint>>;
  /** What the group has committed; partitions of which it has committed nothing are left out. */
  committedOffsets(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, bigint>>;
  /** Fetches from `offset` on. */
  start(partition: TopicPartition, offset: bigint): void;
  take(partition: string): RecordBlock | undefined;
  /** Commits offsets of the group: of records that will never be asked for again. */
  commit(offsets: ReadonlyMap<string, bigint>): Promise<void>;
  /** Who this member is, for sinks that commit offsets in their own transaction. */
  member(): { readonly id: string; readonly epoch: number } | undefined;
  close(): Promise<void>;
}
