// What a consumer of either driver is made from.
import type { Environment } from "@streamflow/core";
import type { KafkaConnection } from "@streamflow/kafka";
import type { WantedParts } from "./record-block.ts";

/** Names of topics, or a pattern that whole names match. */
export type TopicSelection = { readonly topics: readonly string[] } | { readonly pattern: string };

/** Options of a consumer. */
export interface ConsumerOptions {
  readonly connection: KafkaConnection;
  readonly selection: TopicSelection;
  /** Absent: all partitions are read by this process, and no group knows of it. */
  readonly group: string | undefined;
  /** Whether a position that is gone may be given up: the pipeline then starts again, from what is left. */
  readonly mayLosePosition: boolean;
  readonly isolation: "committed" | "uncommitted";
  readonly wanted: WantedParts;
  /** Bytes of one fetch of one partition, about. */
  readonly fetchBytes: number;
  /** How long a broker waits for something to send, in milliseconds. */
  readonly maxWaitMs: number;
  /** Classic groups: after so long without a heartbeat the group gives partitions to others. */
  readonly sessionTimeoutMs: number;
  /** How long a member may take to let go of partitions. */
  readonly rebalanceTimeoutMs: number;
  /** How often topics are asked for again, for new partitions. */
  readonly metadataMaxAgeMs: number;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** For messages: `kafka source "in"`. */
  readonly what: string;
}
