// Where StreamFlow loses in a run: by its peers, and by its own goals.
import type { Row } from "./report.ts";
import { studyOf } from "./studies/studies.ts";

/** A peer that does more, or a goal that is missed, each as a row of a table. */
export function shortfalls(rows: readonly Row[]): string {
  const lines = [...behindPeers(rows), ...missedGoals(rows), ...voids(rows)];
  if (lines.length === 0) return "Nothing falls short in this run: neither of a peer nor of a goal.";
  return ["What falls short in this run:", "", "| Where | StreamFlow | Against |", "| --- | ---: | --- |", ...lines].join("\n");
}

/** Of each variant and peer: the whole process, and steady. */
function behindPeers(rows: readonly Row[]): readonly string[] {
  const ours = rows.filter((row) => row.system === "streamflow" && !row.void && studyOf(row) === undefined);
  return ours.flatMap((mine) => {
    const peers = rows.filter((row) => row.workload === mine.workload && row.variant === mine.variant && row.records === mine.records && row.threads === mine.threads && !row.system.startsWith("streamflow") && !row.void);
    const behind = (rate: (row: Row) => number | null): string => peers
      .map((row) => [row.system, (rate(mine) ?? NaN) / (rate(row) ?? NaN)] as const)
      .filter(([, ratio]) => ratio < 1)
      .map(([system, ratio]) => `${system} ${ratio.toFixed(2)}×`)
      .join(", ");
    const line = (what: string, text: string): readonly string[] => (text === "" ? [] : [`| ${whereOf(mine)} | ${what} | ${text} |`]);
    return [...line("records per CPU-second", behind((row) => row.recordsPerCpuSecond)), ...line("the same, steady", behind((row) => row.steadyRecordsPerCpuSecond))];
  });
}

function whereOf({ workload, variant, records, threads }: Row): string {
  return `${workload}/${variant}, ${records.toLocaleString("en")} records${threads === 1 ? "" : `, ${threads} threads`}`;
}

function missedGoals(rows: readonly Row[]): readonly string[] {
  return rows.filter((row) => !row.void).flatMap((row) => (studyOf(row)?.goals ?? []).flatMap(({ measure, atMost }) => {
    const value = row.measures[measure];
    return value === undefined || value <= atMost ? [] : [`| ${row.workload}/${row.variant} | ${measure} ${value} | at most ${atMost} |`];
  }));
}

function voids(rows: readonly Row[]): readonly string[] {
  return rows.filter((row) => row.void).map((row) => `| ${row.workload}/${row.variant} | ${row.system} | void |`);
}
