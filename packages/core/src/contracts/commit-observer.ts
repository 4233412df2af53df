// Who wants to know what a run has committed: told with every commit, before anything behind it can be seen.
import type { Position } from "../record.ts";
import type { Source } from "./source.ts";

/** Where a partition stands. */
export interface CommittedPartition {
  /** Node of its source. */
  readonly source: string;
  readonly partition: string;
  /** Behind the last record that is committed: opaque to all but the source. */
  readonly position: Position;
  /** Of the ownership under which it was committed, and the number of the commit: (generation, epoch) only grows, except after damage. */
  readonly generation: number;
  readonly epoch: number;
}

/**
 * Told what one run commits.
 * - OBS-1. After each epoch that every sink of the plan has which it waits for, `committed` is told all partitions that the run owns; never before.
 * - OBS-2. Nothing of the next epoch can be seen in any sink until `committed` has resolved.
 * - OBS-3. Where it throws, or the process dies before it resolves, the epoch counts all the same. Before the next attempt of the run (or the next run) lets anything be seen, its observer is
 *   told where each partition begins again.
 * - OBS-4. A call may come before the one before it has resolved, where partitions come while a commit is being told: each names partitions that the other does not.
 */
export interface CommitObserver {
  committed(partitions: readonly CommittedPartition[]): Promise<void>;
}

/** A run that begins. */
export interface ObservedRun {
  readonly pipeline: string;
  readonly sources: readonly { readonly node: string; readonly source: Source }[];
}
