// What is measured besides rates beside other systems: a study runs programs of its own, and says what it found as measures.
import type { Row } from "../report.ts";

/** How much is measured. */
export interface StudyOptions {
  /** Size of the input; what it means for a study is said there. */
  readonly records: number;
  /** Measured rounds; what is compared takes turns in each. */
  readonly rounds: number;
  /** Told what goes wrong. */
  readonly note: (line: string) => void;
}

/** The most that a measure should be. */
export interface Goal {
  readonly measure: string;
  readonly atMost: number;
}

/** A variant of a workload that is about something else than a rate. */
export interface Study {
  readonly workload: string;
  readonly variant: string;
  /** What it does, for readers. */
  readonly summary: string;
  /** For each of its rows that has the measure. */
  readonly goals: readonly Goal[];
  /** Its rows: one, none where there are too few records, or one for each point, whose variants begin with its own: "keys-1000". */
  readonly measure: (options: StudyOptions) => Promise<readonly Row[]>;
}

/** What a study knows of its row; the rest is null or nothing. */
export type StudyFigures = Partial<Omit<Row, "workload" | "variant" | "system">> & Pick<Row, "records" | "rounds" | "measures">;

/** The row of a study. Measures have five digits: more would be noise. */
export function studyRow({ workload, variant }: Pick<Row, "workload" | "variant">, { records, measures: given, ...figures }: StudyFigures): Row {
  const measures = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Number(value.toPrecision(5))]));
  const nothing = { recordsPerSecond: null, megabytesPerSecond: null, recordsPerCpuSecond: null, steadyRecordsPerCpuSecond: null, peakRssMiB: null, percentOfC: null };
  return { workload, variant, system: "streamflow", threads: 1, records, ...nothing, void: false, ...figures, measures };
}

/** The value below which a share of the values lies, the least one that does; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? NaN;
}
