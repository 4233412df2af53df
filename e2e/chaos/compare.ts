// Output after kills against output of a run without any.
import type { Output } from "./sinks/chaos-sink.ts";

/** What differs, in rows. */
export interface Difference {
  /** Expected, and not there as often as expected. */
  readonly lost: number;
  /** Expected, and there more often. */
  readonly doubled: number;
  /** There, and never expected. */
  readonly differing: number;
  /** The first few, for people. */
  readonly examples: readonly string[];
}

const maxExamples = 10;

/** Compares two outputs, row by row. */
export function compareOutputs(expected: Output, found: Output): Difference {
  let [lost, doubled, differing] = [0, 0, 0];
  const examples: string[] = [];
  for (const row of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, there] = [expected.get(row) ?? 0, found.get(row) ?? 0];
    if (wanted === there) continue;
    if (examples.length < maxExamples) examples.push(`${row}: expected ${wanted} times, found ${there} times`);
    if (wanted === 0) differing += there;
    else if (there > wanted) doubled += there - wanted;
    else lost += wanted - there;
  }
  return { lost, doubled, differing, examples };
}
