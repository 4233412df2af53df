// Reduces an output of W2 to a digest that is the same for equal results, whatever their order and the names of their fields.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

interface Row {
  readonly auction?: number;
  /** The key has no name of its own where a function made it. */
  readonly key?: number;
  /** Milliseconds, or ISO 8601. */
  readonly windowStart: number | string;
  readonly count: number;
  readonly sum: number;
}

/** The file, or the visible parts of the folder. */
function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).filter((name) => name.startsWith("part-")).map((name) => join(path, name));
}

/** The MD5 of the rows of an NDJSON file, or of a folder of them, each as `auction,windowStart,count,sum`, sorted. */
export function digestOf(path: string): string {
  const lines = filesOf(path).flatMap((file) => readFileSync(file, "latin1").split("\n").filter((line) => line !== ""));
  const rows = lines.map((line) => {
    const { auction, key, windowStart, count, sum } = JSON.parse(line) as Row;
    return `${auction ?? key},${new Date(windowStart).getTime()},${count},${sum}`;
  });
  return createHash("md5").update(rows.sort().join("\n")).digest("hex");
}
