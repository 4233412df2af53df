// Guarantees switched off on purpose, one at a time, to prove that a named test notices (docs/guarantees.md). Only tests can reach this.

/** What can be broken. */
export type Guarantee =
  /** State and positions are those of the barrier, not older ones. */
  | "barrier"
  /** Store-first output waits for its checkpoint. */
  | "commit-after-publish"
  /** What a sink-first sink has committed decides where to go on. */
  | "sink-decides"
  /** Positions go into the sink's own transaction. */
  | "positions-in-transaction"
  /** Owners are told apart by generation. */
  | "fence"
  /** An owner that finds a newer one's epoch aborts nothing. */
  | "newest-aborts"
  /** Operators see the watermark of all records before. */
  | "late-rule"
  /** A barrier waits for calls under way. */
  | "calls-awaited";

let off: Guarantee | undefined;

/** Whether a guarantee is switched off. Always false outside tests. */
export function broken(guarantee: Guarantee): boolean {
  return off === guarantee;
}

/** Switches one guarantee off while `run` runs. For tests that show that another test would notice. */
export async function withBroken<Result>(guarantee: Guarantee, run: () => Promise<Result>): Promise<Result> {
  off = guarantee;
  try {
    return await run();
  } finally {
    off = undefined;
  }
}
