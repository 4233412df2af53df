// What the Kafka sink asks of a client library. Two drivers answer: wire-producer.ts (@platformatic/kafka) and kafkajs-producer.ts.
// Both pass the same suite on a real broker: e2e/kafka.
import type { Clock, Logger, Random } from "@streamflow/core";
import type { KafkaCommitToken, KafkaConnection, RecordParts } from "@streamflow/kafka";

/** How the bytes of a batch are made smaller. */
export type KafkaCompression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** What a driver can do; the suite skips by these alone. */
export interface ProducerCapabilities {
  /** Offsets are committed under the member's epoch: of a member that is not one any more they are refused. */
  readonly fencesByGeneration: boolean;
  /** What was committed is read whatever transactions of others are open (K3); without it, reading waits until they have ended. */
  readonly readsPastOpen: boolean;
}

/** What a producer is made of. */
export interface ProducerParts {
  readonly connection: KafkaConnection;
  /** For messages: `Kafka sink "out"`. */
  readonly what: string;
  readonly compression: KafkaCompression;
  /** The broker aborts a transaction that is open for longer. */
  readonly transactionTimeoutMs: number;
  /** How long a batch, or a step of a transaction, is tried. */
  readonly deliveryTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A topic as far as producing concerns it. */
export interface ProducedTopic {
  readonly partitions: number;
  /** Most bytes of a record batch. */
  readonly maxBatchBytes: number;
}

/** Records on their way into one partition. */
export interface ProducerBatch {
  readonly count: number;
  /** Bytes that it holds, about. */
  readonly byteLength: number;
  /** Appends a copy. */
  add(record: RecordParts): void;
  /** Bytes of the batch as it will be sent. */
  sealedLength(): number;
}

/** Where offsets of a source go in a transaction. */
export interface GroupOffset {
  readonly token: KafkaCommitToken;
  /** Of the next record. */
  readonly offset: bigint;
}

/**
 * Sends without a transaction.
 * - KPR-1. Batches of one partition are there in the order of the calls, each once, whatever connections break meanwhile.
 */
export interface Delivery {
  /** Resolves when the batch is there for good. */
  send(topic: string, partition: number, batch: ProducerBatch): Promise<void>;
}

/**
 * Sends in transactions of one transactional id, one after another.
 * - KPR-2. `begin` ends what an earlier owner of the id has left open, and refuses that owner from then on, whatever it does.
 * - KPR-3. `send` opens a transaction where none is open. What it carries is seen by committed readers after `commit`, with all that goes with it, or never.
 * - KPR-4. `commit` waits for everything that was sent. A commit whose answer was lost is asked for again; what it cannot find out it throws.
 * - KPR-5. `abort` forgets everything since the last commit; then it may be sent again. After a failure of any call only `abort` and `begin` are of use.
 * - KPR-6. `commitOffsets` belongs to the open transaction. Only groups of the same cluster are given to it.
 */
export interface Transactions extends Delivery {
  begin(): Promise<void>;
  commitOffsets(offsets: readonly GroupOffset[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** What was found in a topic that keeps the last value of each key. */
export type LastValues = ReadonlyMap<string, string>;

/**
 * The producers of one sink, over connections of their own. Everything but `close` throws what the client throws: see errors.ts of @streamflow/kafka.
 * - KPR-7. `lastValues` answers all that was committed when it was called, and nothing that was aborted.
 * - KPR-8. What passes is tried again until `deliveryTimeoutMs` is over, a broker that is gone included.
 */
export interface KafkaProducer {
  readonly capabilities: ProducerCapabilities;
  /** Connects, and answers the id of the cluster. */
  open(): Promise<string>;
  /** Undefined: there is none. */
  topic(name: string): Promise<ProducedTopic | undefined>;
  /** Makes a topic of one partition that keeps the last value of each key, where it is missing. @param replicas -1: as the brokers are set up */
  createCompacted(name: string, replicas: number): Promise<void>;
  batch(): ProducerBatch;
  delivery(): Delivery;
  transactions(id: string): Transactions;
  /** Values of the keys of partition 0 that begin with `prefix`. */
  lastValues(topic: string, prefix: string): Promise<LastValues>;
  close(): Promise<void>;
}
