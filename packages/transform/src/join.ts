// windowJoin: pairs the records of two streams that share key and window.
//   J1. A window fires when the watermark, the lesser of both inputs', reaches its end − 1: every pair of a left and a right record of one key, left
//       records in order of arrival, for each of them the right ones. With outer joins, a record whose key has nothing on the other side: with null.
//   J2. A record that comes after the firing, within the allowed lateness, gives its own pairs at once. Where it is the first on its side, the
//       results that had null for it are deleted first.
//   J3. A record whose windows are all gone goes to `lateLeft` or `lateRight`, unchanged.
import type { ChangeKind as Change, ComponentSpec, Emit, KeyedTable, NodeShape, Operator, OperatorContext, OperatorDefinition, Schema, Shape, Stage } from "@streamflow/core";
import { ChangeKind, equalTypes, formatType, plainSerializer, StreamFlowError } from "@streamflow/core";
import { failure, refusePromise } from "./compute.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";
import { keyWriter, resultSchema } from "./result-record.ts";
import { isAssigner, type WindowAssigner, type Windows } from "./windows/assigners.ts";
import { windowFields, windowsOf } from "./windows/window-spec.ts";
import { boundFields, emitUnder } from "./windows/window-output.ts";

/** Which records without a partner are given: none, those of one side, or of both. */
export type JoinType = "inner" | "left" | "right" | "full";

/** A window of a join. */
export interface JoinWindow {
  readonly key: unknown;
  readonly startMs: number;
  readonly endMs: number;
}

/** Configuration of {@link windowJoin} as data. */
export interface WindowJoinConfig {
  readonly window: Windows;
  readonly join?: JoinType;
  readonly allowedLatenessMs?: number;
  readonly select?: (left: never, right: never, window: JoinWindow) => unknown;
}

/** Left or right record of a result: null only where the kind of join allows it. */
type LeftOf<Left, Join extends JoinType> = Join extends "inner" | "left" ? Left : Left | null;
type RightOf<Right, Join extends JoinType> = Join extends "inner" | "right" ? Right : Right | null;

/** A result of {@link windowJoin}: also holds the key, under the names of its fields (or "key"). */
export interface JoinResult<Left, Right, Join extends JoinType> {
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly left: LeftOf<Left, Join>;
  readonly right: RightOf<Right, Join>;
}

/** Options of {@link windowJoin}. */
export interface WindowJoinOptions<Left, Right, Join extends JoinType, Out> extends StageOptions {
  /** Tumbling or sliding windows over event time. Records that share several sliding windows are paired in each. */
  readonly window: WindowAssigner;
  /** @defaultValue "inner" */
  readonly join?: Join;
  /** How long after its end, in milliseconds of event time, a window still takes late records. @defaultValue 0 */
  readonly allowedLatenessMs?: number;
  /** Makes the output value. @defaultValue a {@link JoinResult} */
  readonly select?: (left: LeftOf<Left, Join>, right: RightOf<Right, Join>, window: JoinWindow) => Out;
}

/**
 * Joins two keyed streams, the inputs "left" and "right": records with equal keys in the same window make pairs.
 *
 * Results come when the window ends, under its last millisecond. An outer join with allowed lateness also emits deletes (J2), so that it needs a
 * sink that takes changes. Late records go to the outputs "lateLeft" and "lateRight".
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID, when the plan is checked, where the keys of both sides are of different types.
 */
export function windowJoin<Left, Right, const Join extends JoinType = "inner", Out = JoinResult<Left, Right, Join>>(options: WindowJoinOptions<Left, Right, Join, Out>): Stage<Left, Out> {
  const { id, ...config } = options;
  return stageOf(windowJoinOperator, config as WindowJoinConfig, id === undefined ? {} : { id });
}

/** What `windowJoin` stages run. */
export const windowJoinOperator: OperatorDefinition<WindowJoinConfig> = {
  type: "windowJoin",
  inputs: ["left", "right"],
  outputs: ["main", "lateLeft", "lateRight"],
  shape: joinShape,
  create: (config, context) => new WindowJoin(config, context),
};

function joinShape(config: WindowJoinConfig, [left = unknownShape, right = unknownShape]: readonly Shape[]): NodeShape {
  const { window, join = "inner", allowedLatenessMs = 0 } = config;
  if (!isAssigner(window)) throw new StreamFlowError("SF_CONFIG_INVALID", `windowJoin needs tumbling or sliding windows over time, got ${window.kind}`);
  if (!Number.isSafeInteger(allowedLatenessMs) || allowedLatenessMs < 0) throw new StreamFlowError("SF_CONFIG_INVALID", `allowedLatenessMs must be a whole number ≥ 0 ms, got ${allowedLatenessMs}`);
  checkJoinInputs("windowJoin", left, right);
  const main: Shape = {
    schema: config.select === undefined ? joinSchema(left, right, join) : undefined,
    key: left.key === undefined ? undefined : { ...left.key, coPartitioned: left.key.coPartitioned && right.key?.coPartitioned === true },
    time: true,
    changes: join !== "inner" && allowedLatenessMs > 0 ? "all" : "insert",
  };
  return {
    outputs: { main, lateLeft: left, lateRight: right },
    reads: ["all", "all"],
    forwards: ["lateLeft"],
    deterministic: true,
    stateful: true,
    needsKey: true,
    needsTime: true,
    summary: `${join} join in ${window.kind} windows`,
  };
}

function joinSchema(left: Shape, right: Shape, join: JoinType): Schema {
  const bounds = [boundFields.start, boundFields.end].map((name) => ({ name, type: { type: "timestamp" } as const }));
  return resultSchema(bounds, left.key, [sideField("left", left, join === "right" || join === "full"), sideField("right", right, join === "left" || join === "full")]);
}

function sideField(name: string, shape: Shape, nullable: boolean): { readonly name: string; readonly type: NonNullable<Shape["schema"]> } {
  return { name, type: { ...(shape.schema ?? { type: "any" }), ...(nullable ? { nullable } : {}) } };
}

/** @throws {@link StreamFlowError} SF_PLAN_INVALID where an input has changes, or no key of one can equal one of the other */
export function checkJoinInputs(type: string, left: Shape, right: Shape): void {
  if (left.changes === "all" || right.changes === "all") throw new StreamFlowError("SF_PLAN_INVALID", `${type} takes only new records, but an input also has updates and deletes`, { hint: "put it before the stage that emits updates, or let that stage emit final results only" });
  const [a, b] = [left.key?.type, right.key?.type];
  if (a === undefined || b === undefined || equalTypes({ ...a, nullable: true }, { ...b, nullable: true })) return;
  throw new StreamFlowError("SF_PLAN_INVALID", `left is keyed by ${formatType(a)}, right by ${formatType(b)}: no key can be equal`, { hint: "key both sides by values of one type" });
}

/** One input: its records by window and key, and what an outer join does with those that have no partner. */
interface Side {
  readonly records: KeyedTable<unknown[]>;
  readonly late: Emit;
  /** Its records are given with null where the other side has nothing. */
  readonly isKept: boolean;
  readonly isLeft: boolean;
}

class WindowJoin implements Operator {
  readonly inputs: readonly Emit[];
  readonly #context: OperatorContext;
  readonly #assigner: WindowAssigner;
  readonly #latenessMs: number;
  readonly #select: WindowJoinConfig["select"];
  readonly #left: Side;
  readonly #right: Side;
  readonly #open = new Set<number>();
  readonly #writeKey: (key: unknown, into: Record<string, unknown>) => void;

  constructor(config: WindowJoinConfig, context: OperatorContext) {
    const { join = "inner" } = config;
    this.#context = context;
    this.#assigner = config.window as WindowAssigner;
    this.#latenessMs = config.allowedLatenessMs ?? 0;
    this.#select = config.select;
    const side = (name: "left" | "right", late: string): Side => ({
      records: context.state.table(name, plainSerializer<unknown[]>()),
      late: context.output(late),
      isKept: join === name || join === "full",
      isLeft: name === "left",
    });
    this.#left = side("left", "lateLeft");
    this.#right = side("right", "lateRight");
    this.#writeKey = keyWriter(context.inputShapes[0]?.key);
    this.inputs = [(record) => this.#push(record, this.#left, this.#right), (record) => this.#push(record, this.#right, this.#left)];
  }

  restored(): void {
    for (const { records } of [this.#left, this.#right]) for (const startMs of records.namespaces()) this.#openWindow(startMs);
  }

  onTimer(timeMs: number, startMs: number): void {
    const lastMs = this.#assigner.endOf(startMs) - 1;
    if (timeMs === lastMs) this.#fire(startMs);
    if (timeMs < lastMs + this.#latenessMs) return;
    this.#left.records.drop(startMs);
    this.#right.records.drop(startMs);
    this.#open.delete(startMs);
  }

  #push(record: unknown, own: Side, other: Side): void {
    const { cursor, time } = this.#context;
    if (Number.isNaN(cursor.timestampMs)) {
      this.#context.reject(new StreamFlowError("SF_TIME_MISSING", `"${this.#context.node}" needs event time, and the record has none`), record);
      return;
    }
    const windows = this.#assigner.assign(cursor.timestampMs);
    const open = windows.filter(({ endMs }) => endMs - 1 + this.#latenessMs > time.watermarkMs);
    if (windows.length > 0 && open.length === 0) return own.late(record);
    for (const { startMs, endMs } of open) {
      if (endMs - 1 <= time.watermarkMs) this.#fireLate(record, { startMs, own, other });
      const known = own.records.edit(startMs, cursor.key);
      if (known === undefined) own.records.set(startMs, cursor.key, [record]);
      else known.push(record);
      this.#openWindow(startMs);
    }
  }

  #openWindow(startMs: number): void {
    if (this.#open.has(startMs)) return;
    this.#open.add(startMs);
    const { time, timers } = this.#context;
    const lastMs = this.#assigner.endOf(startMs) - 1;
    if (lastMs > time.watermarkMs) timers.setEvent(lastMs, startMs);
    if (this.#latenessMs > 0) timers.setEvent(lastMs + this.#latenessMs, startMs);
  }

  #fire(startMs: number): void {
    const [left, right] = [this.#left, this.#right];
    left.records.forEach(startMs, (key, lefts) => {
      const rights = right.records.get(startMs, key) ?? (left.isKept ? [null] : []);
      for (const one of lefts) for (const other of rights) this.#emit(one, other, { key, startMs });
    });
    if (!right.isKept) return;
    right.records.forEach(startMs, (key, rights) => {
      if (left.records.get(startMs, key) === undefined) for (const one of rights) this.#emit(null, one, { key, startMs });
    });
  }

  /** J2 */
  #fireLate(record: unknown, { startMs, own, other }: { startMs: number; own: Side; other: Side }): void {
    const { key } = this.#context.cursor;
    const at = { key, startMs };
    const emit = (mine: unknown, theirs: unknown, change?: Change): void => (own.isLeft ? this.#emit(mine, theirs, at, change) : this.#emit(theirs, mine, at, change));
    const partners = other.records.get(startMs, key);
    if (partners === undefined) {
      if (own.isKept) emit(record, null);
      return;
    }
    const isFirst = own.records.get(startMs, key) === undefined;
    if (isFirst && other.isKept) for (const partner of partners) emit(null, partner, ChangeKind.delete);
    for (const partner of partners) emit(record, partner);
  }

  #emit(left: unknown, right: unknown, { key, startMs }: { key: unknown; startMs: number }, change: Change = ChangeKind.insert): void {
    const context = this.#context;
    const endMs = this.#assigner.endOf(startMs);
    let value: unknown;
    try {
      value = this.#valueOf(left, right, { key, startMs, endMs });
    } catch (thrown) {
      context.reject(failure(thrown, `select of "${context.node}"`), { left, right });
      return;
    }
    refusePromise(value, `windowJoin "${context.node}"`);
    emitUnder(context.cursor, { timestampMs: endMs - 1, key, change }, () => context.emit(value));
  }

  #valueOf(left: unknown, right: unknown, window: JoinWindow): unknown {
    if (this.#select !== undefined) return this.#select(left as never, right as never, window);
    const result: Record<string, unknown> = { [boundFields.start]: window.startMs, [boundFields.end]: window.endMs };
    this.#writeKey(window.key, result);
    return Object.assign(result, { left, right });
  }
}

/** `windowJoin` in YAML. */
export const windowJoinSpec: ComponentSpec<"stage"> = stageSpec({
  type: "windowJoin",
  summary: "Pairs the records of two keyed streams that share key and window.",
  fields: {
    tumbling: windowFields.tumbling,
    sliding: windowFields.sliding,
    join: { type: { kind: "string", oneOf: ["inner", "left", "right", "full"] }, doc: "Which records without a partner are given, with null: none, those of one side, or of both.", default: "inner" },
    allowedLateness: windowFields.allowedLateness,
  },
  example: "type: windowJoin\ntumbling: 10m\njoin: left\nallowedLateness: 1m",
  config: ({ join, allowedLateness, ...rest }) => ({ window: windowsOf(rest), join, allowedLatenessMs: allowedLateness }),
});
