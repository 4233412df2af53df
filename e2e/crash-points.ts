// The named points at which tests end processes. A test compares them with the sources: whoever adds one says here what visits it.

/** Within a sink's own steps, by the kind of sink that chaos knows, in the order in which a process comes to them. */
export const sinkPoints: Readonly<Record<string, readonly string[]>> = {
  files: ["seal-written", "part-hidden", "sealed", "part-revealed", "revealed", "logged", "settled"].map((name) => `file-sink.${name}`),
  postgres: ["claim-decided", "claim-written", "claimed", "rows-sent", "decided", "applied", "heads-written", "committed"].map((name) => `postgres-sink.${name}`),
  redis: ["watched", "decided", "queued", "executed"].map((name) => `redis-sink.${name}`),
  kafka: ["begun", "heads-read", "sent", "committed"].map((name) => `kafka-sink.${name}`),
  http: ["outbox.sealed", "http-sink.request", "http-sink.answered", "outbox.batch-sent", "outbox.sent"],
  // It commits in one turn: what tests can end it at is what the engine does around.
  sqlite: [],
};

/** Of the steps of a checkpoint, the engine's and those of a store in files, in the order in which a process comes to them. */
export const checkpointPoints: readonly string[] = [
  ...["before-flush", "after-flush", "after-prepare", "before-store", "after-store", "before-publish", "after-publish", "before-commit-transaction", "after-commit-transaction", "after-commit-prepared", "after-committed"].map((name) => `checkpoint.${name}`),
  ...["segment.written", "publish.durable", "publish.written", "publish.renamed"].map((name) => `store.${name}`),
];

/** Where somebody is told of commits. */
export const observerPoints: readonly string[] = ["checkpoint.after-observe"];

/** Where a process comes when it starts. */
export const recoveryPoints: readonly string[] = [
  ...["after-acquire", "after-fence", "after-sink-recover", "after-recover"].map((name) => `recovery.${name}`),
  ...["fence.announced", "fence.sealed"].map((name) => `store.${name}`),
];

/** Of keeping a savepoint, and of starting from one. */
export const savepointPoints: readonly string[] = ["after-publish", "after-name", "file-written", "after-origin", "after-write", "after-seed", "after-remove"].map((name) => `savepoint.${name}`);

/** Of the sinks in memory that tests use. */
export const testSinkPoints: readonly string[] = ["prepared", "committed", "flushed"].map((name) => `test-sink.${name}`);
