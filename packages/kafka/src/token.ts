// What goes from the source to the sink with each assignment: which group, and which member of it, has been given the partition.

/** The commit token of a Kafka source (`PartitionAssignment.commitToken`). It is alive: member and epoch are those of now. */
export interface KafkaCommitToken {
  readonly kind: "kafka";
  /** Id of the cluster: offsets go into a transaction of the same cluster only. */
  readonly cluster: string;
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** The member and its epoch (KIP-848) or generation; undefined where the driver cannot say, or the group is managed by nobody. */
  member(): { readonly id: string; readonly epoch: number } | undefined;
}

/** Whether a token comes from a Kafka source. */
export function isCommitToken(token: unknown): token is KafkaCommitToken {
  return typeof token === "object" && token !== null && (token as { readonly kind?: unknown }).kind === "kafka";
}
