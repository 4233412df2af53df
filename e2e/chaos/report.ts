// What all rounds together say, and whether it is good enough.
import { phases } from "./phases.ts";
import type { Death, RoundResult } from "./round.ts";

/** The sums of all rounds. */
export interface Report {
  readonly seed: number;
  readonly kills: number;
  readonly lost: number;
  readonly doubled: number;
  readonly differing: number;
  readonly rows: number;
  /** Kills between the first and the last output. */
  readonly amidOutput: number;
  /** Kills that were aimed at a phase of a checkpoint, and struck there. */
  readonly aimed: number;
  /** Kills by what the process was at. */
  readonly phases: Readonly<Record<string, number>>;
  /** Kills by way of killing. */
  readonly ways: Readonly<Record<string, number>>;
  /** What else happened, by name. */
  readonly others: Readonly<Record<string, number>>;
  /** How often processes came to each named point. */
  readonly visits: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** What is wrong; nothing: all is well. */
  readonly problems: readonly string[];
}

const leastAmidOutput = 0.9;
const leastPerPhase = 0.02;
/** With fewer kills than this, a phase may be missed by chance. */
const manyKills = 200;

/** Sums rounds up. */
export function reportOf(rounds: readonly RoundResult[], { planned, ...about }: { readonly seed: number; readonly seconds: number; /** Rounds. */ readonly planned: number }): Report {
  const deaths = rounds.flatMap((round) => round.deaths);
  const sum = (pick: (round: RoundResult) => number): number => rounds.reduce((total, round) => total + pick(round), 0);
  const visits = new Map<string, number>();
  for (const round of rounds) for (const [point, count] of round.visits) visits.set(point, (visits.get(point) ?? 0) + count);
  const counts = {
    kills: deaths.length, lost: sum(({ lost }) => lost), doubled: sum(({ doubled }) => doubled), differing: sum(({ differing }) => differing), rows: sum(({ rows }) => rows),
    amidOutput: deaths.filter((death) => death.amidOutput).length,
    aimed: deaths.filter((death) => death.aimed).length,
    phases: countBy(deaths, ({ phase }) => phase, Object.keys(phases)),
    ways: countBy(deaths, ({ how }) => how),
    others: sums(rounds.map(({ others = {} }) => others)),
  };
  const differences = rounds.flatMap(({ spec, examples }) => examples.map((example) => `${spec.folder}: ${example}`));
  const missing = rounds.length < planned && differences.length === 0 ? [`${rounds.length} of ${planned} rounds came to their end`] : [];
  return { ...about, ...counts, visits: Object.fromEntries([...visits].sort(([a], [b]) => (a < b ? -1 : 1))), problems: [...differences, ...missing, ...shortfalls(counts)] };
}

/** Where the kills did not fall as they should: then a comparison without findings says little. */
function shortfalls({ kills, amidOutput, phases: byPhase }: Pick<Report, "kills" | "amidOutput" | "phases">): readonly string[] {
  const problems: string[] = [];
  if (kills === 0) problems.push("nothing was killed");
  if (amidOutput < leastAmidOutput * kills) problems.push(`${amidOutput} of ${kills} kills fell between the first and the last output: fewer than ${leastAmidOutput * 100} %`);
  if (kills < manyKills) return problems;
  for (const phase of Object.keys(phases)) {
    const count = byPhase[phase] ?? 0;
    if (count < leastPerPhase * kills) problems.push(`phase "${phase}" saw ${count} of ${kills} kills: fewer than ${leastPerPhase * 100} %`);
  }
  return problems;
}

function sums(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const totals: Record<string, number> = {};
  for (const [name, count] of all.flatMap((one) => Object.entries(one))) totals[name] = (totals[name] ?? 0) + count;
  return totals;
}

function countBy(deaths: readonly Death[], by: (death: Death) => string, names: readonly string[] = []): Readonly<Record<string, number>> {
  const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  for (const death of deaths) counts[by(death)] = (counts[by(death)] ?? 0) + 1;
  return counts;
}

/** The report for people; its last line is the result. */
export function reportText({ seed, kills, lost, doubled, differing, rows, amidOutput, aimed, phases: byPhase, ways, others, visits, seconds, problems }: Report): string {
  const listed = (counts: Readonly<Record<string, number>>): string => Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(", ");
  return [
    `seed ${seed}; ${seconds.toFixed(1)} s, ${(seconds / Math.max(1, kills)).toFixed(2)} s a kill; ${rows} rows expected`,
    `killed: ${listed(ways)}; between first and last output ${amidOutput}; aimed at a phase and struck there ${aimed}`,
    `at: ${listed(byPhase)}`,
    `points visited: ${listed(visits)}`,
    ...problems,
    `kills=${kills}${Object.entries(others).map(([name, count]) => ` ${name}=${count}`).join("")} lost=${lost} doubled=${doubled} differing=${differing}`,
  ].join("\n");
}
