// Makes a failing case as small as it goes.
import type { FuzzCase } from "./fuzz-case.fixture.ts";

/** Most attempts at something smaller. */
const maxAttempts = 3_000;

/** The least case found for which `fails` still holds. */
export function shrink(one: FuzzCase, fails: (smaller: FuzzCase) => boolean): FuzzCase {
  let least = one;
  let attempts = 0;
  const tryIt = (smaller: FuzzCase): boolean => {
    if (attempts++ >= maxAttempts || !fails(smaller)) return false;
    least = smaller;
    return true;
  };
  tryIt({ ...least, cuts: [], torn: 0, mark: false });
  for (let size = Math.ceil(least.lines.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < least.lines.length; ) {
      if (!tryIt({ ...least, lines: [...least.lines.slice(0, at), ...least.lines.slice(at + size)] })) at += size;
    }
  }
  tryIt({ ...least, projection: "all" });
  tryIt({ ...least, restarts: false });
  tryIt({ ...least, texts: false });
  tryIt({ ...least, columns: false });
  tryIt({ ...least, schema: undefined });
  const { schema } = least;
  for (const field of schema?.fields ?? []) {
    const kept = least.schema;
    if (kept !== undefined) tryIt({ ...least, schema: { ...kept, fields: kept.fields.filter((other) => other.name !== field.name) } });
  }
  for (const cut of least.cuts) tryIt({ ...least, cuts: least.cuts.filter((other) => other !== cut) });
  return least;
}
