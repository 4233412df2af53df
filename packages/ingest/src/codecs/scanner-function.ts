// Makes a generated scanner of its text. Only tests reach the rewriting: they plant faults, to see that the comparison with JSON.parse finds each of them.
import { generatedFunction } from "@streamflow/core";

/** Another text for a scanner. */
export type RewriteScanner = (source: string) => string;

let rewrite: RewriteScanner | undefined;

/** The function of a scanner's text. */
export function scannerFunction(parameters: readonly string[], source: string): (...values: readonly unknown[]) => unknown {
  return generatedFunction(parameters, rewrite === undefined ? source : rewrite(source));
}

/** Rewrites every scanner that is generated while `run` runs. */
export function withRewrittenScanners<Result>(change: RewriteScanner, run: () => Result): Result {
  rewrite = change;
  try {
    return run();
  } finally {
    rewrite = undefined;
  }
}
