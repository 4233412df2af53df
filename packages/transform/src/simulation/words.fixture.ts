// A plan and its schedule, said in words: what a failing run prints.
import { hasExchange, hasTwoSources, type OperatorSpec, type PlanSpec } from "./plan-spec.fixture.ts";
import { rowsOf, textOf } from "./rows.fixture.ts";
import type { Happening, ScheduleSpec } from "./schedule.fixture.ts";

/** Rows are listed up to this many. */
const listed = 60;

export function planInWords(spec: PlanSpec): string {
  const { combine, branches, timed, inner, keyed, tail, sinks, routed, tap, sides, bounded, join } = spec;
  const used = hasTwoSources(spec) ? spec.sources : [spec.sources[0]];
  const branchCount = combine === "single" ? 1 : 2;
  return [
    ...used.map((source, at) => `source in${at}: ${bounded ? "bounded" : "live"}, rows per partition ${source.counts.join(", ")}, salt ${source.salt}, ${source.local ? "each key in one partition" : "keys anywhere"}`),
    ...used.flatMap((source, at) => rowsInWords(source.counts.map((_, partition) => rowsOf(source, at, partition)))),
    `${combine}${timed === "late" ? `, then eventTime within ${branches[0].boundMs} ms` : ""}${hasExchange(spec) ? ", with an exchange" : ""}`,
    ...branches.slice(0, branchCount).map(({ pre, boundMs, post }, at) => `branch ${at}: ${[...pre.map(stepInWords), ...(timed === true ? [`eventTime within ${boundMs} ms`] : []), ...post.map(stepInWords)].join(" > ") || "nothing"}`),
    ...(inner === null ? [] : [`then on branch 1: keyBy ${inner.key} > ${operatorInWords(inner.operator)}`]),
    ...(combine.startsWith("join") ? [`join: ${JSON.stringify(join)}`] : []),
    ...keyed.map(({ key, operator }) => `keyBy ${key} > ${operatorInWords(operator)}`),
    `tail: ${tail.map(stepInWords).join(" > ") || "nothing"}`,
    `sinks: ${sinks.join(", ")}${routed ? " (routed)" : ""}; tap: ${tap ?? "none"}; late and rejected: ${sides ?? "no sink"}`,
  ].join("\n");
}

export function scheduleInWords({ limits, modes, everyMs, keep, happenings, faults }: ScheduleSpec): string {
  return [
    `batches of ${limits.join(", then ")}; checkpoints ${modes.join(", then ")}, every ${everyMs} ms, ${keep} kept`,
    `happens: ${happenings.map(happeningInWords).join("; ") || "nothing"}`,
    `crashes: ${faults.map(({ point, visit }) => `visit ${visit} of ${point}`).join("; ") || "none"}`,
  ].join("\n");
}

function rowsInWords(partitions: readonly (readonly unknown[])[]): readonly string[] {
  const total = partitions.reduce((sum, rows) => sum + rows.length, 0);
  return total > listed ? [] : partitions.flatMap((rows, at) => [`  partition ${at}:`, ...rows.map((row) => `    ${textOf(row)}`)]);
}

function stepInWords({ kind, by }: { readonly kind: string; readonly by: number }): string {
  return `${kind}(${by})`;
}

function operatorInWords({ op, ...rest }: OperatorSpec): string {
  return `${op} ${JSON.stringify(rest)}`;
}

function happeningInWords({ what, ...rest }: Happening): string {
  return [what, ...Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`)].join(" ");
}
