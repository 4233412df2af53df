// Tables and charts of studies.
import type { BarGroup, Chart } from "../chart.ts";
import type { Row } from "../report.ts";
import { studyOf } from "./studies.ts";
import type { Goal } from "./study.ts";

/** A line for each study, and a table of all measures: variants across, unless there are more of them than of measures. */
export function studySection(rows: readonly Row[], summaryOf: (row: Row) => string): readonly string[] {
  const told = [...new Set(rows.map((row) => studyOf(row)?.variant ?? row.variant))].map((variant) => {
    const of = rows.filter((one) => one.variant === variant || one.variant.startsWith(`${variant}-`));
    return `**${variant}**: ${summaryOf(of[0]!)}. Up to ${Math.max(...of.map((row) => row.records)).toLocaleString("en")} records, ${of[0]!.rounds} rounds.`;
  });
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.measures)))];
  return [...told, rows.length > names.length ? tableDown(rows, names) : tableAcross(rows, names)];
}

const digits = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 4 });

/** In bold where a goal is missed, with the goal where nothing else tells it. */
function cell(row: Row, name: string, isGoalShown: boolean): string {
  if (row.void) return "void";
  const value = row.measures[name];
  if (value === undefined) return "";
  const goal = goalOf(row, name);
  if (goal === undefined || value <= goal.atMost) return digits(value);
  return `**${digits(value)}**${isGoalShown ? ` (at most ${digits(goal.atMost)})` : ""}`;
}

/** A row for each measure. */
function tableAcross(rows: readonly Row[], names: readonly string[]): string {
  const goals = (name: string): string => [...new Set(rows.flatMap((row) => goalOf(row, name)?.atMost ?? []))].map(digits).join(", ");
  const lines = names.map((name) => `| ${[name, ...rows.map((row) => cell(row, name, false)), goals(name)].join(" | ")} |`);
  return [`| Measure | ${rows.map((row) => row.variant).join(" | ")} | at most |`, `| --- |${" ---: |".repeat(rows.length + 1)}`, ...lines].join("\n");
}

/** A row for each variant. */
function tableDown(rows: readonly Row[], names: readonly string[]): string {
  const lines = rows.map((row) => `| ${[row.variant, ...names.map((name) => cell(row, name, true))].join(" | ")} |`);
  return [`| Variant | ${names.join(" | ")} |`, `| --- |${" ---: |".repeat(names.length)}`, ...lines].join("\n");
}

function goalOf(row: Row, measure: string): Goal | undefined {
  return studyOf(row)?.goals.find((goal) => goal.measure === measure);
}

/** For each measure with a goal and each of its goals, the variants. */
export function studyChart(title: string, rows: readonly Row[]): Chart {
  const counted = rows.filter((row) => !row.void);
  const groups = new Map<string, { readonly goal: Goal; readonly rows: Row[] }>();
  for (const row of counted) {
    const study = studyOf(row);
    for (const goal of study?.goals ?? []) {
      if (row.measures[goal.measure] === undefined) continue;
      // Points of one study belong together, as do variants with the same goal.
      const name = study!.variant === row.variant ? `${goal.measure}, at most ${goal.atMost}` : `${study!.variant}: ${goal.measure}, at most ${goal.atMost}`;
      const group = groups.get(name) ?? { goal, rows: [] };
      group.rows.push(row);
      groups.set(name, group);
    }
  }
  return {
    title,
    hasOneScale: false,
    groups: [...groups].map(([name, { goal, rows: of }]): BarGroup => ({
      title: name,
      atMost: goal.atMost,
      bars: of.map((row) => ({ label: row.variant, value: row.measures[goal.measure]!, text: digits(row.measures[goal.measure]!), isOurs: true })),
    })),
  };
}
