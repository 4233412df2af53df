// Faults that a scanner might have, as changes of its generated text: the fuzzer must find each of them.
import type { FuzzCase } from "./fuzz-case.fixture.ts";
import { withRewrittenScanners } from "../scanner-function.ts";
import { fuzz, type FuzzReport, type MakeCase } from "./fuzz.fixture.ts";

/** A fault: what is replaced by what, and in which scanner of a run first. */
export type Fault = readonly [name: string, find: RegExp, put: string | ((found: string, ...groups: string[]) => string), since?: number];

/** What became of a fault. */
export interface Hunt {
  /** In how many scanners it was planted. */
  readonly planted: number;
  readonly report: FuzzReport;
}

/** The same cases for every fault: making them takes longer than decoding them. */
export function remembered(make: MakeCase): MakeCase {
  const made = new Map<number, FuzzCase>();
  return (seed) => {
    const one = made.get(seed) ?? make(seed);
    made.set(seed, one);
    return one;
  };
}

/** Fuzzes with a fault in every scanner, until it is found or so many records were compared. */
export function hunt([, find, put, since = 1]: Fault, make: MakeCase, most: number): Hunt {
  let planted = 0;
  let scanners = 0;
  const makeAnew: MakeCase = (seed) => {
    scanners = 0;
    return make(seed);
  };
  const report = withRewrittenScanners((source) => {
    if (++scanners < since) return source;
    const changed = source.replaceAll(find, put as string);
    if (changed !== source) planted++;
    return changed;
  }, () => fuzz(makeAnew, 1, ({ records }) => records < most, { shrinks: false }));
  return { planted, report };
}
