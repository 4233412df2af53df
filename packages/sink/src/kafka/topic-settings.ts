// Settings of topics that the sink relies on.

/** A topic that keeps the last value of each key: compacted soon and often, as it is read whole at each start. */
export const compactedTopicSettings: Readonly<Record<string, string>> = {
  "cleanup.policy": "compact",
  "segment.bytes": String(4 * 1024 * 1024),
  "segment.ms": String(60 * 60 * 1000),
  "min.cleanable.dirty.ratio": "0.1",
};

/** Most bytes of a record batch where nobody has changed it: `message.max.bytes` of the brokers. */
export const usualMaxBatchBytes = 1_048_588;
