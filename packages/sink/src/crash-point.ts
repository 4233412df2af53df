// Named points within the steps of sinks: tests end processes there. All of them are listed, with what visits them, in e2e/crash-points.ts.
import type { Environment } from "@streamflow/core";

/** Comes to a point. In production nothing is there. */
export async function reach({ faults }: Pick<Environment, "faults">, point: string): Promise<void> {
  await faults?.reach(point);
}
