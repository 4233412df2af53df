// Runs case after case until something differs or enough was compared.
import { caseText, type FuzzCase } from "./fuzz-case.fixture.ts";
import { compareCase } from "./compare.fixture.ts";
import { corpusCase, wholeSweepCase } from "./corpus-case.fixture.ts";
import { csvCase } from "./csv-case.fixture.ts";
import { jsonCase } from "./json-case.fixture.ts";
import { shrink } from "./shrink.fixture.ts";

/** Makes cases from seeds. */
export type MakeCase = (seed: number) => FuzzCase;

/** What can be fuzzed. */
export const targets: Readonly<Record<string, MakeCase>> = { json: jsonCase, corpus: corpusCase, sweep: wholeSweepCase, csv: csvCase };

/** How far a run came. */
export interface FuzzReport {
  readonly cases: number;
  readonly records: number;
  /** Records that a scanner took by itself. */
  readonly fast: number;
  /** The first difference: its seed, where it is, and the least case that still shows it. */
  readonly failure: { readonly seed: number; readonly difference: string; readonly shrunk: string } | undefined;
}

/** Compares the cases of the seeds from `seed` on, as long as `goesOn` says so. */
export function fuzz(make: MakeCase, seed: number, goesOn: (report: FuzzReport) => boolean, options: { readonly shrinks: boolean } = { shrinks: true }): FuzzReport {
  let report: FuzzReport = { cases: 0, records: 0, fast: 0, failure: undefined };
  for (let at = seed; report.failure === undefined && goesOn(report); at++) {
    const one = make(at);
    const { records, fast, difference } = compareCase(one);
    const failure = difference === undefined ? undefined : { seed: at, difference, shrunk: options.shrinks ? shrunkText(one) : "" };
    report = { cases: report.cases + 1, records: report.records + records, fast: report.fast + fast, failure };
  }
  return report;
}

function shrunkText(one: FuzzCase): string {
  const least = shrink(one, (smaller) => compareCase(smaller).difference !== undefined);
  return `${compareCase(least).difference}\n${caseText(least)}`;
}
