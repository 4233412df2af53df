// What a measurement says, as rows and as text.

/** What one system did with one variant of a workload. */
export interface Row {
  readonly workload: string;
  readonly variant: string;
  readonly system: string;
  readonly threads: number;
  readonly records: number;
  /** Of the whole process, start-up included: medians of all rounds. Null, as the others, where the workload is about something else: see `measures`. */
  readonly recordsPerSecond: number | null;
  /** Of input; 1 MB is 10⁶ bytes. */
  readonly megabytesPerSecond: number | null;
  /** User and system time of all processes. */
  readonly recordsPerCpuSecond: number | null;
  /** As the difference of this size and a fifth of it, so that start-up does not count; null where that was not measured, or is lost in noise. */
  readonly steadyRecordsPerCpuSecond: number | null;
  readonly peakRssMiB: number | null;
  /** Records per CPU-second against the program in C in the same rounds; null where there is none. */
  readonly percentOfC: number | null;
  /** How many rounds the medians are of. */
  readonly rounds: number;
  /** What is not a rate, by name with its unit: `pauseP99Ms`, `lossPercent`. Empty where systems are compared. */
  readonly measures: Readonly<Record<string, number>>;
  /** Its output is not the oracle's, or it failed: the figures mean nothing. */
  readonly void: boolean;
}

const million = (value: number | null): string => (value === null ? "–" : (value / 1e6).toFixed(2));
const whole = (value: number | null): string => value?.toFixed(0) ?? "–";
const columns: readonly (readonly [string, (row: Row) => string])[] = [
  ["M rec/s", (row) => million(row.recordsPerSecond)],
  ["MB/s", (row) => whole(row.megabytesPerSecond)],
  ["M rec/CPU-s", (row) => million(row.recordsPerCpuSecond)],
  ["steady", (row) => million(row.steadyRecordsPerCpuSecond)],
  ["% of C", (row) => whole(row.percentOfC)],
  ["RSS MiB", (row) => whole(row.peakRssMiB)],
];

/** A table of the rows of one variant. */
export function textTable(rows: readonly Row[]): string {
  const label = ({ system, threads }: Row): string => (threads === 1 ? system : `${system}, ${threads} threads`);
  const width = Math.max(...rows.map((row) => label(row).length));
  const head = " ".repeat(width) + columns.map(([name]) => name.padStart(13)).join("");
  const lines = rows.map((row) => (row.void ? `${label(row).padEnd(width)}  VOID` : label(row).padEnd(width) + columns.map(([, cell]) => cell(row).padStart(13)).join("")));
  return `${[head, ...lines].join("\n")}\n`;
}

/** The measures of a study, a line each, with what they should be at most. */
export function measuresText({ variant, measures, void: isVoid }: Row, goals: readonly { readonly measure: string; readonly atMost: number }[]): string {
  if (isVoid) return `${variant}\n  VOID\n`;
  const width = Math.max(...Object.keys(measures).map((name) => name.length));
  const lines = Object.entries(measures).map(([name, value]) => {
    const goal = goals.find(({ measure }) => measure === name);
    return `  ${name.padEnd(width)}  ${String(value).padStart(10)}${goal === undefined ? "" : `  (at most ${goal.atMost}${value <= goal.atMost ? "" : ": missed"})`}`;
  });
  return `${[variant, ...lines].join("\n")}\n`;
}
