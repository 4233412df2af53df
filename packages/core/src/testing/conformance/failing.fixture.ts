// What the tests of the suites themselves share.
import type { ConformanceCase } from "./case.ts";

/** The ids of the cases that fail: of those with this id, or of all. */
export async function failing(cases: readonly ConformanceCase[], id?: string): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  for (const one of cases) if (!one.isSkipped && (id === undefined || id === one.id)) await one.run().catch(() => failed.add(one.id));
  return failed;
}
