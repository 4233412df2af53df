// Windows: the stage, its operator and its checks. The kinds are in windows/, what fires them in trigger.ts.
// The rules, to the millisecond: README.md. Watermark W says that no record with a timestamp ≤ W is expected any more.
import type { DataType, NodeShape, OperatorContext, OperatorDefinition, Operator, PlanContext, Shape, Stage } from "@streamflow/core";
import { programBeside, StreamFlowError } from "@streamflow/core";
import { type Aggregates, AggregateSet, type AggregatesIn, type AggregatesOut } from "./aggregate-set.ts";
import { isPure, readsOf } from "./compute.ts";
import type { NumericAggregates } from "./numeric-aggregates.ts";
import { type StageOptions, stageOf, unknownShape } from "./operator-stage.ts";
import { resultSchema, type ResultSet } from "./result-record.ts";
import { checkTriggers, type EarlyTriggers, type WindowMode } from "./trigger.ts";
import { AlignedWindows, isAssigner, type Windows } from "./windows/assigners.ts";
import { CountWindowOperator } from "./windows/count-windows.ts";
import { GlobalWindowOperator } from "./windows/global-windows.ts";
import { NumericSessionOperator } from "./windows/numeric-sessions.ts";
import { NumericSlidingOperator } from "./windows/numeric-sliding.ts";
import { NumericWindowOperator } from "./windows/numeric-windows.ts";
import { PaneWindowOperator } from "./windows/pane-windows.ts";
import { SessionWindowOperator } from "./windows/session-windows.ts";
import { TimeWindowOperator } from "./windows/time-windows.ts";
import { boundFields, type WindowEmit, type WindowInfo, WindowOutput } from "./windows/window-output.ts";
import type { WindowParts } from "./windows/window-parts.ts";

/** Configuration of {@link window} as data. */
export interface WindowConfig {
  readonly window: Windows;
  readonly aggregate: Aggregates;
  readonly allowedLatenessMs?: number;
  readonly mode?: WindowMode;
  readonly early?: EarlyTriggers;
  readonly ttlMs?: number;
  readonly emitPartial?: boolean;
  readonly emit?: WindowEmit;
}

/** A window's result: its bounds, the key under the names of its fields (or "key"), and the aggregates. */
export type WindowResult<A extends Aggregates> = { readonly windowStart: number; readonly windowEnd: number } & AggregatesOut<A>;

/** Options of {@link window}. */
export interface WindowOptions<A extends Aggregates, Out = WindowResult<A>> extends StageOptions {
  /** Made by {@link tumbling}, {@link sliding}, {@link session} or {@link global}, or an assigner of one's own. */
  readonly window: Windows;
  /** Name of the result field: its aggregate. */
  readonly aggregate: A;
  /**
   * How long after its end, in milliseconds of event time, a window still takes late records; each fires it again.
   * It never delays the first firing. Time windows and sessions only.
   * @defaultValue 0
   */
  readonly allowedLatenessMs?: number;
  /** What a firing holds: everything so far, or what is new since the last one. @defaultValue "accumulating" */
  readonly mode?: WindowMode;
  /** Firings before the end. @defaultValue none */
  readonly early?: EarlyTriggers;
  /** Count and global windows: a key without records for this long, in milliseconds of event time, is forgotten. @defaultValue never */
  readonly ttlMs?: number;
  /** Count windows: windows that were begun and not filled are emitted when the input ends, or the key's time to live. @defaultValue false */
  readonly emitPartial?: boolean;
  /** Makes the output value. @defaultValue a {@link WindowResult} */
  readonly emit?: (results: AggregatesOut<A>, window: WindowInfo) => Out;
}

/**
 * Aggregates the records of each key by windows.
 *
 * A window [start, end) fires when the watermark reaches end − 1. A record that comes later still counts while its window is kept
 * (`allowedLatenessMs`) and fires it again; one whose windows are all gone goes to the output "late", unchanged. Results carry the key, and
 * end − 1 as their event time; results of one firing come in order of the keys' first records, or of their last ones (by pane) where windows slide over
 * numbers: the same order after a restart.
 *
 * Windows over counts fire when they are full, per key, and know no lateness.
 *
 * @throws {@link StreamFlowError} SF_WINDOW_INVALID and SF_CONFIG_INVALID, when the stage is added, for bounds and options that do not fit.
 * @example
 * ```ts
 * window({ window: tumbling({ sizeMs: 3_600_000 }), aggregate: { flights: count(), mean: avg((flight: { delay: number }) => flight.delay) } });
 * ```
 * @see Akidau et al., "The Dataflow Model", VLDB 2015
 */
export function window<const A extends Aggregates, Out = WindowResult<A>>(options: WindowOptions<A, Out>): Stage<AggregatesIn<A>, Out> {
  const { id, ...config } = options;
  return stageOf(windowOperator, config as WindowConfig, id === undefined ? {} : { id });
}

/** What `window` stages run. */
export const windowOperator: OperatorDefinition<WindowConfig> = {
  type: "window",
  threads: () => programBeside("thread-operators", import.meta.url),
  outputs: ["main", "late"],
  shape: windowShape,
  create: createWindow,
};

function windowShape(config: WindowConfig, [input = unknownShape]: readonly Shape[], { functions }: PlanContext): NodeShape {
  checkOptions(config);
  if (input.changes === "all") throw new StreamFlowError("SF_PLAN_INVALID", "window takes only new records, but its input also has updates and deletes", { hint: "put it before the stage that emits updates, or let that stage emit final results only" });
  const set = new AggregateSet(config.aggregate, input.schema, functions);
  const unbounded = unboundedReason(config);
  const result: Shape = {
    schema: config.emit === undefined ? resultSchema(boundSchema(config.window), input.key, set.resultFields) : undefined,
    key: input.key,
    time: input.time,
    changes: "insert",
  };
  return {
    outputs: { main: result, late: input },
    reads: [readsOf(set)],
    forwards: ["late"],
    deterministic: config.early?.everyProcessingMs === undefined && isPure(config.aggregate, functions),
    stateful: true,
    needsKey: true,
    needsTime: needsTime(config),
    ...(unbounded === undefined ? {} : { unboundedState: unbounded }),
    ...(addsUp(config, set, input) ? { addsUp: true } : {}),
    summary: `${summaryOf(config.window)}: ${set.names.join(", ")}`,
  };
}

/** Tumbling windows whose numbers are the same however they are added, for keys that are numbers; what fires by counts has to see each record. */
function addsUp({ window, early = {} }: WindowConfig, set: AggregateSet, { key }: Shape): boolean {
  const isTumbling = window instanceof AlignedWindows && window.slideMs === window.sizeMs && Object.keys(early).length === 0;
  const isNumber = key?.type !== undefined && ["int32", "float64", "timestamp"].includes(key.type.type);
  return isTumbling && isNumber && set.numeric()?.addsUp === true;
}

function createWindow(config: WindowConfig, context: OperatorContext): Operator {
  const set = new AggregateSet(config.aggregate, context.inputShapes[0]?.schema, context.functions);
  return numericWindow(config, context, set) ?? anyWindow(config, partsOf(config, context, set));
}

function partsOf(config: WindowConfig, context: OperatorContext, set: AggregateSet, results: ResultSet = set): WindowParts {
  return {
    context,
    set,
    output: new WindowOutput(context, results, config.emit),
    mode: config.mode ?? "accumulating",
    early: config.early ?? {},
    allowedLatenessMs: config.allowedLatenessMs ?? 0,
    ttlMs: config.ttlMs,
    emitPartial: config.emitPartial ?? false,
  };
}

/** Windows over numbers, in columns; of early firings only those of tumbling windows by count. */
function numericWindow(config: WindowConfig, context: OperatorContext, set: AggregateSet): Operator | undefined {
  const { window, early = {}, mode = "accumulating" } = config;
  const isEarly = Object.keys(early).length > 0;
  const make = (own: number, operator: (parts: WindowParts, numbers: NumericAggregates) => Operator): Operator | undefined => {
    const numbers = set.numeric(own);
    return numbers === undefined ? undefined : operator(partsOf(config, context, set, numbers), numbers);
  };
  if (window instanceof AlignedWindows && window.slideMs === window.sizeMs) {
    if (early.everyMs !== undefined || early.everyProcessingMs !== undefined) return undefined;
    return make(NumericWindowOperator.ownColumns(early), (parts, numbers) => new NumericWindowOperator(parts, window, numbers));
  }
  if (isEarly) return undefined;
  if (window instanceof AlignedWindows && window.slideMs < window.sizeMs) {
    return make(NumericSlidingOperator.ownColumns, (parts, numbers) => new NumericSlidingOperator(parts, window, numbers));
  }
  if (isAssigner(window) || window.kind !== "session" || mode !== "accumulating") return undefined;
  return make(NumericSessionOperator.ownColumns, (parts, numbers) => new NumericSessionOperator(parts, window, numbers));
}

function anyWindow({ window }: WindowConfig, parts: WindowParts): Operator {
  if (isAssigner(window)) {
    const sharesPanes = window instanceof AlignedWindows && window.slideMs < window.sizeMs && Object.keys(parts.early).length === 0;
    return sharesPanes ? new PaneWindowOperator(parts, window) : new TimeWindowOperator(parts, window);
  }
  switch (window.kind) {
    case "session": return new SessionWindowOperator(parts, window);
    case "global": return new GlobalWindowOperator(parts);
    case "tumblingCount":
    case "slidingCount": return new CountWindowOperator(parts, window);
  }
}

/** @throws {@link StreamFlowError} SF_CONFIG_INVALID for options that do nothing for this kind of window, or out of bounds. */
function checkOptions(config: WindowConfig): void {
  const { window } = config;
  const isCount = window.kind === "tumblingCount" || window.kind === "slidingCount";
  const endless = isCount || window.kind === "global";
  refuse(config, "allowedLatenessMs", endless, "time windows and sessions");
  refuse(config, "ttlMs", !endless, "count and global windows");
  refuse(config, "emitPartial", !isCount, "count windows");
  refuse(config, "early", isCount, "time windows, sessions and global windows");
  refuse(config, "mode", isCount, "time windows, sessions and global windows");
  checkTriggers(config.early ?? {});
  for (const name of ["allowedLatenessMs", "ttlMs"] as const) {
    const value = config[name];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) continue;
    throw new StreamFlowError("SF_CONFIG_INVALID", `${name} must be a whole number ≥ 0 ms, got ${String(value)}`);
  }
}

function refuse(config: WindowConfig, option: keyof WindowConfig, condition: boolean, meantFor: string): void {
  if (!condition || config[option] === undefined) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", `${option} does nothing for ${config.window.kind} windows`, { hint: `it is for ${meantFor}` });
}

function needsTime({ window, ttlMs, early }: WindowConfig): boolean {
  return isAssigner(window) || window.kind === "session" || ttlMs !== undefined || early?.everyMs !== undefined;
}

function unboundedReason({ window, ttlMs }: WindowConfig): string | undefined {
  if (ttlMs !== undefined || isAssigner(window) || window.kind === "session") return undefined;
  return window.kind === "global" ? "a global window keeps every key for ever; set a ttl" : "count windows keep what is not full for every key; set a ttl";
}

function boundSchema(window: Windows): readonly { readonly name: string; readonly type: DataType }[] {
  const timed = isAssigner(window) || window.kind === "session";
  const type: DataType = timed ? { type: "timestamp" } : { type: "timestamp", nullable: true };
  return [{ name: boundFields.start, type }, { name: boundFields.end, type }];
}

function summaryOf(window: Windows): string {
  if (window instanceof AlignedWindows) {
    return window.kind === "tumbling" ? `tumbling windows of ${window.sizeMs} ms` : `sliding windows of ${window.sizeMs} ms every ${window.slideMs} ms`;
  }
  if (isAssigner(window)) return `${window.kind} windows`;
  switch (window.kind) {
    case "session": return `sessions with a gap of ${window.gapMs} ms${window.maxCount === undefined ? "" : ` or ${window.maxCount} records`}`;
    case "global": return "one window per key";
    case "tumblingCount": return `tumbling windows of ${window.count} records`;
    case "slidingCount": return `sliding windows of ${window.count} records every ${window.every}`;
  }
}
