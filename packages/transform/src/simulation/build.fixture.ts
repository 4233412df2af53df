// From a plan as data to a pipeline.
import { eventTime, field, Pipeline, type PipelineConfig, type Stage } from "@streamflow/core";
import type { DriverEnds } from "@streamflow/core/testing";
import { aggregate } from "../aggregate.ts";
import { collect, count, last, max, min, sum } from "../aggregates.ts";
import { filter } from "../filter.ts";
import { flatMap } from "../flat-map.ts";
import { windowJoin } from "../join.ts";
import { keyBy } from "../key-by.ts";
import { map } from "../map.ts";
import { project } from "../project.ts";
import { reduce } from "../reduce.ts";
import { split } from "../split.ts";
import { union } from "../union.ts";
import { window } from "../window.ts";
import { global, session, sliding, tumbling, type WindowAssigner, type Windows } from "../windows/assigners.ts";
import { type BranchSpec, hasTwoSources, type KeyedSpec, type OperatorSpec, type PlanSpec, type StepSpec, type TimeWindowSpec, type WindowSpec } from "./plan-spec.fixture.ts";
import { type Row, textOf } from "./rows.fixture.ts";
import { computedKey, fieldNames, folded, idOf, type Loose, mapped, spread, throwing } from "./steps.fixture.ts";

type Loosely = Pipeline<unknown, unknown>;
type LooseStage = Stage<unknown, unknown>;

/** What one process may decide for itself. */
export type ProcessConfig = Pick<PipelineConfig, "batch" | "checkpoint">;

/** The aggregates of all plans. */
export const aggregates = {
  id: count(),
  n: sum((record: unknown) => (record as Row).n ?? null),
  lo: min((record: unknown) => (record as Row).n ?? null),
  hi: max((record: unknown) => (record as Row).n ?? null),
  newest: last((record: unknown) => textOf((record as Row).k)),
  ids: collect((record: unknown) => idOf(record)),
};

/** Those of them that are numbers in columns. */
const { id, n, lo, hi } = aggregates;
const numbers = { id, n, lo, hi };

/** Builds the pipeline of a plan. */
export function buildPlan(spec: PlanSpec, ends: DriverEnds, config: ProcessConfig): Loosely {
  const builder = new PlanInProgress(spec, ends);
  const pipeline = builder.input(config);
  spec.keyed.forEach((keyed, at) => builder.addKeyed(pipeline, keyed, at));
  for (const step of spec.tail) builder.add(pipeline, stageOf(step));
  builder.addSinks(pipeline);
  return pipeline;
}

/** Names of all sinks that a plan can have. */
export const sinkNames: readonly string[] = ["out0", "out1", "out2", "tap", "late", "lateLeft", "lateRight", "late0", "late1", "lateInner", "rejected0", "rejected1"];

class PlanInProgress {
  readonly #spec: PlanSpec;
  readonly #ends: DriverEnds;
  #stages = 0;

  constructor(spec: PlanSpec, ends: DriverEnds) {
    this.#spec = spec;
    this.#ends = ends;
  }

  /** Every stage has an id of its own: two pipelines that are joined may not both have one that is made from its type. */
  add(pipeline: Loosely, stage: LooseStage): void {
    pipeline.addStage(stage, { id: `stage${this.#stages++}` });
  }

  /** Sources and branches, as one stream. */
  input(config: ProcessConfig): Loosely {
    const { combine, branches, inner } = this.#spec;
    const options: PipelineConfig = { name: "simulated", unboundedState: true, ...config };
    const first: Loosely = new Pipeline<unknown>(options).from(this.#ends.source("in0"), { id: "in0" });
    if (combine === "single") {
      this.#addBranch(first, branches[0], 0);
      return first;
    }
    let second: Loosely = first;
    if (hasTwoSources(this.#spec)) second = new Pipeline<unknown>(options).from(this.#ends.source("in1"), { id: "in1" });
    else first.branch((branch) => (second = branch));
    this.#addBranch(first, branches[0], 0);
    this.#addBranch(second, branches[1], 1);
    if (inner !== null) {
      this.#addKeyed(second, inner, { id: "inner", late: "lateInner" });
      this.add(second, map(rekeyed));
    }
    if (combine.startsWith("union")) return this.#union(first, second);
    const { key, isLocal } = this.#joinKey;
    this.add(first, keyBy<unknown>(key, { coPartitioned: isLocal }));
    this.add(second, keyBy<unknown>(key, { coPartitioned: isLocal }));
    const { window: windows, join, latenessMs } = this.#spec.join;
    const joined = first.join(second as Pipeline<never, unknown>, windowJoin<unknown, unknown, typeof join>({ window: windowsOf(windows) as WindowAssigner, join, allowedLatenessMs: latenessMs }), { id: "join" });
    this.#side(joined, "lateLeft", "lateLeft");
    this.#side(joined, "lateRight", "lateRight");
    return joined;
  }

  addKeyed(pipeline: Loosely, keyed: KeyedSpec, at: number): void {
    const isFirst = at === 0 && !this.#spec.combine.startsWith("join");
    if (!isFirst) this.add(pipeline, map(rekeyed));
    this.#addKeyed(pipeline, keyed, { id: `keyed${at}`, late: `late${at}` });
  }

  #addKeyed(pipeline: Loosely, { key, operator }: KeyedSpec, { id, late }: { readonly id: string; readonly late: string }): void {
    const isLocal = this.#isLocal;
    const by = key === "field" ? "k" : key === "struct" ? ["g", "k"] : (record: unknown) => computedKey(record, isLocal);
    this.add(pipeline, keyBy<unknown>(by as string, { coPartitioned: isLocal }));
    pipeline.addStage(operatorOf(operator), { id });
    if (operator.op === "window") this.#side(pipeline, "late", late);
  }

  #union(first: Loosely, second: Loosely): Loosely {
    const { branches, timed } = this.#spec;
    const both = first.union(second as Pipeline<never, unknown>);
    // A stage of its own, so that event time is given to the streams together.
    if (timed === "late") this.add(both, union<unknown>());
    if (timed === "late") this.#addTime(both, branches[0].boundMs, "rejected0");
    return both;
  }

  #addTime(pipeline: Loosely, boundMs: number, rejected: string): void {
    // The clock of a simulation jumps: no row is refused for being ahead of it.
    this.add(pipeline, eventTime({ timestamp: (record: unknown) => (record as { at: number }).at, outOfOrdernessMs: boundMs, maxFutureMs: Infinity }));
    this.#side(pipeline, "rejected", rejected);
  }

  addSinks(pipeline: Loosely): void {
    const { sinks, routed } = this.#spec;
    if (!routed || sinks.length === 1) {
      sinks.forEach((kind, at) => pipeline.to(this.#ends.sink(`out${at}`, kind), { id: `out${at}` }));
      return;
    }
    const routes = sinks.slice(1).map((_, at) => [`route${at}`, (record: unknown) => idOf(record) % 3 === at] as const);
    this.add(pipeline, split<unknown>(Object.fromEntries(routes)));
    sinks.slice(1).forEach((kind, at) => pipeline.side(`route${at}`, (side) => side.to(this.#ends.sink(`out${at + 1}`, kind), { id: `out${at + 1}` })));
    pipeline.to(this.#ends.sink("out0", sinks[0]), { id: "out0" });
  }

  get #isLocal(): boolean {
    return this.#spec.sources[0].local && !hasTwoSources(this.#spec);
  }

  /** Records of both sides meet, whatever the steps before made of their fields. */
  get #joinKey(): { readonly key: string; readonly isLocal: boolean } {
    return { key: "k", isLocal: this.#isLocal };
  }

  #addBranch(pipeline: Loosely, { pre, boundMs, post }: BranchSpec, at: number): void {
    for (const step of pre) this.add(pipeline, stageOf(step));
    if (this.#spec.timed === true) this.#addTime(pipeline, boundMs, `rejected${at}`);
    for (const step of post) this.add(pipeline, stageOf(step));
    const { tap } = this.#spec;
    if (at === 0 && tap !== null) pipeline.to(this.#ends.sink("tap", tap), { id: "tap" });
  }

  #side(pipeline: Loosely, output: string, sink: string): void {
    const { sides } = this.#spec;
    if (sides !== null) pipeline.side(output, (side) => side.to(this.#ends.sink(sink, sides), { id: sink }));
  }
}

/** A result as a row again, keyed by the text of the key it was found under. */
function rekeyed(record: unknown): Loose {
  const row = record as Loose;
  const key = textOf([row["key"], row["g"], row["k"]]);
  const at = row["windowEnd"] ?? row["at"] ?? null;
  return { id: idOf(row), k: key, g: key, n: typeof row["n"] === "number" ? row["n"] : null, at };
}

function stageOf(step: StepSpec): LooseStage {
  const { kind, by } = step;
  const take = (run: (row: Loose, by: number) => unknown) => (record: unknown) => run(record as Loose, by);
  switch (kind) {
    case "map": return map(take(mapped));
    case "throwingMap": return map(take(throwing));
    case "filter": return filter((record: unknown) => idOf(record) % by !== 0);
    case "expressionFilter": return filter<unknown>(field("n").lt(by));
    case "flatMap": return flatMap((record: unknown) => spread(record as Loose, by));
    case "project": return project(Object.fromEntries(fieldNames.map((name) => [name, (record: unknown) => (record as Loose)[name]])));
    case "expressionProject": return project(Object.fromEntries(fieldNames.map((name) => [name, field(name)])));
  }
}

function windowsOf(spec: WindowSpec | TimeWindowSpec): Windows {
  switch (spec.kind) {
    case "tumbling": return tumbling({ sizeMs: spec.sizeMs, offsetMs: spec.offsetMs });
    case "sliding": return sliding({ sizeMs: spec.sizeMs, slideMs: spec.slideMs });
    case "session": return session({ gapMs: spec.gapMs, ...(spec.maxCount === null ? {} : { maxCount: spec.maxCount }) });
    case "count": return sliding({ count: spec.count, every: spec.every });
    case "global": return global();
  }
}

function operatorOf(spec: OperatorSpec): LooseStage {
  if (spec.op === "window") return windowOf(spec);
  const lifetime = spec.ttlMs === null ? {} : { ttlMs: spec.ttlMs };
  if (spec.op === "reduce") return reduce<unknown>(folded, lifetime);
  return aggregate(aggregates, { changes: spec.updates ? "updates" : "latest", ...lifetime });
}

function windowOf(spec: Extract<OperatorSpec, { op: "window" }>): LooseStage {
  const { window: windows, latenessMs, discarding, ttlMs, partial, numbers: isNumbers } = spec;
  const isCount = windows.kind === "count";
  const isEndless = isCount || windows.kind === "global";
  // No firings by processing time: they depend on the clock, and so on the schedule (docs/windowing.md).
  const early = { ...(spec.earlyMs === null ? {} : { everyMs: spec.earlyMs }), ...(spec.earlyCount === null ? {} : { count: spec.earlyCount }) };
  return window({
    window: windowsOf(windows),
    aggregate: isNumbers ? numbers : aggregates,
    ...(isEndless ? {} : { allowedLatenessMs: latenessMs }),
    ...(isEndless && ttlMs !== null ? { ttlMs } : {}),
    ...(isCount ? { emitPartial: partial } : { mode: discarding ? ("discarding" as const) : ("accumulating" as const), early }),
  });
}
