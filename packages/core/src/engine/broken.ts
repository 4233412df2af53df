// Guarantees switched off on purpose, one at a time, to prove that a named test notices (docs/guarantees.md). Only tests can reach this.

/** What can be broken. */
export type Guarantee = "positions-before-barrier" | "commit-before-publish" | "late-rule" | "fence" | "positions-in-transaction";

let off: Guarantee | undefined;

/** Whether a guarantee is switched off. Always false outside tests. */
export function broken(guarantee: Guarantee): boolean {
  return off === guarantee;
}

/** Switches one guarantee off while `run` runs. @internal for testing/ alone */
export async function withBroken<Result>(guarantee: Guarantee, run: () => Promise<Result>): Promise<Result> {
  off = guarantee;
  try {
    return await run();
  } finally {
    off = undefined;
  }
}
