// The phases of a checkpoint, as docs/adr/0001 numbers its steps, and the named points within each: the first is its entry.

import { sinkPoints } from "../crash-points.ts";

const { files = [], postgres = [], redis = [], http = [] } = sinkPoints;

/** Steps 2 and 3 are one phase: the copy is made within one turn, where nothing can be caught half-way. */
export const phases: Readonly<Record<string, readonly string[]>> = {
  flush: ["checkpoint.before-flush"],
  "snapshot and prepare": ["checkpoint.after-flush", ...files.slice(0, 3), "outbox.sealed"],
  store: ["checkpoint.before-store", "checkpoint.after-prepare", "store.segment.written"],
  publish: ["checkpoint.before-publish", "checkpoint.after-store", "store.publish.durable", "store.publish.written", "store.publish.renamed"],
  "commit transactions": ["checkpoint.after-publish", "checkpoint.before-commit-transaction", ...postgres.slice(3), ...redis],
  "commit prepared": ["checkpoint.after-commit-transaction", ...files.slice(3), ...http.slice(1)],
  committed: ["checkpoint.after-commit-prepared"],
};

export const recoveryPoints: readonly string[] = ["recovery.after-acquire", "recovery.after-fence", "recovery.after-sink-recover", "recovery.after-recover"];

/** Where a process is that has come to this point last. */
export function phaseAt(point: string | undefined): string {
  if (point === undefined) return "start";
  if (point === "checkpoint.after-committed") return "between checkpoints";
  const found = Object.entries(phases).find(([, points]) => points.includes(point));
  return found?.[0] ?? "recovery";
}
