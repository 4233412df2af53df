// Random plans as data, small enough to be shrunk and to be said in words.
import type { RecordingSinkKind } from "@streamflow/core/testing";
import fc from "fast-check";
import type { JoinType } from "../join.ts";
import type { SourceSpec } from "./rows.fixture.ts";

/** A stage without state. */
export interface StepSpec {
  readonly kind: "map" | "throwingMap" | "filter" | "expressionFilter" | "flatMap" | "project" | "expressionProject";
  readonly by: number;
}

/** What is between a source and where it is used. */
export interface BranchSpec {
  readonly pre: readonly StepSpec[];
  /** Of `eventTime`. */
  readonly boundMs: number;
  readonly post: readonly StepSpec[];
}

/** Windows over event time, as both `window` and `windowJoin` take them. */
export type TimeWindowSpec = { readonly kind: "tumbling"; readonly sizeMs: number; readonly offsetMs: number } | { readonly kind: "sliding"; readonly sizeMs: number; readonly slideMs: number };
export type WindowSpec =
  | TimeWindowSpec
  | { readonly kind: "session"; readonly gapMs: number; readonly maxCount: number | null }
  | { readonly kind: "count"; readonly count: number; readonly every: number }
  | { readonly kind: "global" };

/** A stage with state. */
export type OperatorSpec =
  | { readonly op: "reduce"; readonly ttlMs: number | null }
  | { readonly op: "aggregate"; readonly updates: boolean; readonly ttlMs: number | null }
  | {
      readonly op: "window";
      readonly window: WindowSpec;
      readonly latenessMs: number;
      readonly discarding: boolean;
      readonly earlyMs: number | null;
      readonly earlyCount: number | null;
      readonly ttlMs: number | null;
      readonly partial: boolean;
      /** Nothing is aggregated but numbers: they are kept in columns. */
      readonly numbers: boolean;
    };

/** A key and what is done by it. */
export interface KeyedSpec {
  readonly key: "field" | "function" | "struct";
  readonly operator: OperatorSpec;
}

export interface JoinSpec {
  readonly window: TimeWindowSpec;
  readonly join: JoinType;
  readonly latenessMs: number;
}

/** How the branches of a plan come together. */
export type Combine = "single" | "union of sources" | "union of branches" | "join of sources" | "join of branches";

export interface PlanSpec {
  readonly sources: readonly [SourceSpec, SourceSpec];
  readonly combine: Combine;
  readonly branches: readonly [BranchSpec, BranchSpec];
  /** Whether records carry event time; "late": given behind the union, so that it sees the records of both. */
  readonly timed: boolean | "late";
  /** On the second branch, before it meets the first: a window, whose event time lags behind that of its input. */
  readonly inner: KeyedSpec | null;
  readonly join: JoinSpec;
  readonly keyed: readonly KeyedSpec[];
  readonly tail: readonly StepSpec[];
  readonly sinks: readonly RecordingSinkKind[];
  /** Each record goes to one of the sinks; else to all. */
  readonly routed: boolean;
  /** A sink on the first branch, beside what follows. */
  readonly tap: RecordingSinkKind | null;
  /** Whether late and rejected records go to sinks. */
  readonly sides: RecordingSinkKind | null;
  /** The sources end. */
  readonly bounded: boolean;
}

const step: fc.Arbitrary<StepSpec> = fc.record({
  kind: fc.constantFrom<StepSpec["kind"]>("map", "filter", "flatMap", "project", "throwingMap", "expressionFilter", "expressionProject"),
  by: fc.integer({ min: 2, max: 5 }),
});
const steps = fc.array(step, { maxLength: 2 });
const branch: fc.Arbitrary<BranchSpec> = fc.record({ pre: steps, boundMs: fc.constantFrom(0, 3, 20, 60), post: steps });
const maybe = (min: number, max: number): fc.Arbitrary<number | null> => fc.option(fc.integer({ min, max }), { freq: 1 });
const timeWindow: fc.Arbitrary<TimeWindowSpec> = fc.oneof(
  fc.record({ kind: fc.constant("tumbling" as const), sizeMs: fc.integer({ min: 1, max: 60 }), offsetMs: fc.integer({ min: -9, max: 9 }) }),
  fc.record({ kind: fc.constant("sliding" as const), sizeMs: fc.integer({ min: 1, max: 60 }), slideMs: fc.integer({ min: 3, max: 40 }) }),
);
const windowSpec: fc.Arbitrary<WindowSpec> = fc.oneof(
  timeWindow,
  timeWindow,
  fc.record({ kind: fc.constant("session" as const), gapMs: fc.integer({ min: 1, max: 25 }), maxCount: maybe(1, 6) }),
  fc.record({ kind: fc.constant("count" as const), count: fc.integer({ min: 1, max: 6 }), every: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant("global" as const) }),
);
const ttl = maybe(0, 120);
const operator: fc.Arbitrary<OperatorSpec> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ op: fc.constant("reduce" as const), ttlMs: ttl }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("aggregate" as const), updates: fc.boolean(), ttlMs: ttl }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("window" as const),
      window: windowSpec,
      latenessMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 80 })),
      discarding: fc.boolean(),
      earlyMs: maybe(1, 30),
      earlyCount: maybe(1, 4),
      ttlMs: ttl,
      partial: fc.boolean(),
      numbers: fc.boolean(),
    }),
  },
);
const keyed: fc.Arbitrary<KeyedSpec> = fc.record({ key: fc.constantFrom<KeyedSpec["key"]>("field", "function", "struct"), operator });
const kind = fc.constantFrom<RecordingSinkKind>("sink-first", "store-first");

/** Now and then more rows than one turn of the scheduler holds (1024). */
const count = fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 0, max: 60 }) }, { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 2_300 }) });
const source = fc.record({
  salt: fc.nat({ max: 99_999 }),
  counts: fc.array(count, { minLength: 1, maxLength: 3 }),
  strideMs: fc.integer({ min: 0, max: 12 }),
  behindMs: fc.integer({ min: 0, max: 30 }),
  local: fc.boolean(),
});

/** Plans that the planner takes. */
export const planSpecs: fc.Arbitrary<PlanSpec> = fc
  .record({
    sources: fc.tuple(source, source),
    combine: fc.oneof({ weight: 4, arbitrary: fc.constant<Combine>("single") }, { weight: 3, arbitrary: fc.constantFrom<Combine>("union of sources", "union of branches", "join of sources", "join of branches") }),
    branches: fc.tuple(branch, branch),
    timed: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constantFrom<boolean | "late">(false, "late") }),
    inner: fc.option(keyed, { freq: 2 }).map((one) => (one?.operator.op === "window" ? one : null)),
    join: fc.record({ window: timeWindow, join: fc.constantFrom<JoinType>("inner", "left", "right", "full"), latenessMs: fc.constantFrom(0, 0, 10, 60) }),
    keyed: fc.array(keyed, { maxLength: 2 }),
    tail: steps,
    sinks: fc.array(kind, { minLength: 1, maxLength: 3 }),
    routed: fc.boolean(),
    tap: fc.option(fc.constantFrom<RecordingSinkKind>("sink-first", "store-first", "idempotent"), { freq: 1 }),
    sides: fc.option(kind, { freq: 1 }),
    bounded: fc.boolean(),
  })
  .map(fitting);

/** Whether a plan has two sources. */
export function hasTwoSources({ combine }: PlanSpec): boolean {
  return combine === "union of sources" || combine === "join of sources";
}

/** Whether records of a key meet behind an exchange. */
export function hasExchange(spec: PlanSpec): boolean {
  if (hasTwoSources(spec)) return true;
  const needsKey = spec.keyed.length > 0 || spec.inner !== null || spec.combine === "join of branches";
  return needsKey && !spec.sources[0].local && spec.sources[0].counts.length > 1;
}

/** Takes out what the planner refuses, and what the results of a plan may rightly depend on besides its input. */
function fitting(drawn: PlanSpec): PlanSpec {
  const isJoin = drawn.combine.startsWith("join");
  const timed = isJoin || (drawn.timed === "late" && drawn.combine === "single") || drawn.timed;
  const inner = drawn.inner === null || drawn.combine === "single" || timed === "late" ? null : { ...drawn.inner, operator: fittingOperator(drawn.inner.operator, timed !== false) };
  const updatesFromJoin = isJoin && drawn.join.join !== "inner" && drawn.join.latenessMs > 0;
  const keyed: KeyedSpec[] = [];
  for (const one of updatesFromJoin ? [] : drawn.keyed) {
    keyed.push({ ...one, operator: fittingOperator(one.operator, timed !== false) });
    // What gives updates takes nothing keyed behind it.
    if (one.operator.op === "aggregate" && one.operator.updates) break;
  }
  const sources = isJoin ? (drawn.sources.map(thin) as unknown as PlanSpec["sources"]) : drawn.sources;
  const spec = { ...drawn, sources, timed, keyed, inner, tail: drawn.tail.map(untyped) };
  // Behind an exchange the order of live partitions depends on when their records came: docs/windowing.md, "What results depend on".
  return { ...spec, bounded: spec.bounded || hasExchange(spec) };
}

/** In a join each row meets all others of its key and window: where time hardly goes forward, a thousand rows of a key give a million, more than fit into memory. */
function thin(source: SourceSpec): SourceSpec {
  return source.counts.some((rows) => rows >= 1_000) ? { ...source, strideMs: Math.max(source.strideMs, 8) } : source;
}

/** Results have types, and not all have the fields that expressions name. */
function untyped(one: StepSpec): StepSpec {
  return { ...one, kind: one.kind === "expressionFilter" ? "filter" : one.kind === "expressionProject" ? "project" : one.kind };
}

function fittingOperator(spec: OperatorSpec, timed: boolean): OperatorSpec {
  const ttlMs = timed ? spec.ttlMs : null;
  if (spec.op !== "window") return { ...spec, ttlMs };
  const window: WindowSpec = timed || spec.window.kind === "count" || spec.window.kind === "global" ? spec.window : { kind: "count", count: 3, every: 2 };
  return { ...spec, window, ttlMs, earlyMs: timed ? spec.earlyMs : null };
}
