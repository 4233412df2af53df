// What a measurement says, as rows and as text.

/** What one system did with one variant of a workload. */
export interface Row {
  readonly workload: string;
  readonly variant: string;
  readonly system: string;
  readonly threads: number;
  readonly records: number;
  /** Of the whole process, start-up included: medians of all rounds. */
  readonly recordsPerSecond: number;
  /** Of input; 1 MB is 10⁶ bytes. */
  readonly megabytesPerSecond: number;
  /** User and system time of all processes. */
  readonly recordsPerCpuSecond: number;
  /** As the difference of this size and a fifth of it, so that start-up does not count; null where that was not measured, or is lost in noise. */
  readonly steadyRecordsPerCpuSecond: number | null;
  readonly peakRssMiB: number;
  /** Records per CPU-second against the program in C in the same rounds; null where there is none. */
  readonly percentOfC: number | null;
  /** How many rounds the medians are of. */
  readonly measures: number;
  /** Its output is not the oracle's, or it failed: the figures mean nothing. */
  readonly void: boolean;
}

const million = (value: number | null): string => (value === null ? "–" : (value / 1e6).toFixed(2));
const columns: readonly (readonly [string, (row: Row) => string])[] = [
  ["M rec/s", (row) => million(row.recordsPerSecond)],
  ["MB/s", (row) => row.megabytesPerSecond.toFixed(0)],
  ["M rec/CPU-s", (row) => million(row.recordsPerCpuSecond)],
  ["steady", (row) => million(row.steadyRecordsPerCpuSecond)],
  ["% of C", (row) => row.percentOfC?.toFixed(0) ?? "–"],
  ["RSS MiB", (row) => row.peakRssMiB.toFixed(0)],
];

/** A table of the rows of one variant. */
export function textTable(rows: readonly Row[]): string {
  const label = ({ system, threads }: Row): string => (threads === 1 ? system : `${system}, ${threads} threads`);
  const width = Math.max(...rows.map((row) => label(row).length));
  const head = " ".repeat(width) + columns.map(([name]) => name.padStart(13)).join("");
  const lines = rows.map((row) => (row.void ? `${label(row).padEnd(width)}  VOID` : label(row).padEnd(width) + columns.map(([, cell]) => cell(row).padStart(13)).join("")));
  return `${[head, ...lines].join("\n")}\n`;
}
