// streamJoin: pairs the records of two streams that share a key, at once, without windows.
//   N1. Every pair of a left and a right record of one key is given once, when the second of both arrives. With bounds, only pairs whose right
//       record comes from `beforeMs` before to `afterMs` after the left one, in event time, both included.
//   N2. With bounds, a record that comes when the watermark has reached its time is late: it goes to `lateLeft` or `lateRight`, unchanged, and makes no pair.
//   N3. With bounds, a record is forgotten when the watermark says that all its partners have come, or later by the width of a bucket at most: a
//       quarter of the span in which partners may come, or a second.
// Records are kept in buckets of event time, so that one timer forgets many at once, whatever their keys.
// Deliberately not here: records without a partner. Nothing says that one will never come, but a window or the bounds: `windowJoin` gives them.
import type { ComponentSpec, Emit, KeyedTable, NodeShape, Operator, OperatorContext, OperatorDefinition, Shape, Stage } from "@streamflow/core";
import { plainSerializer, StreamFlowError } from "@streamflow/core";
import { failure, refusePromise } from "./compute.ts";
import { checkJoinInputs } from "./join.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";
import { emitUnder } from "./windows/window-output.ts";

/** Configuration of {@link streamJoin} as data. */
export interface StreamJoinConfig {
  readonly beforeMs?: number;
  readonly afterMs?: number;
  readonly select?: (left: never, right: never) => unknown;
}

/** A result of {@link streamJoin}. */
export interface JoinedPair<Left, Right> {
  readonly left: Left;
  readonly right: Right;
}

/** Options of {@link streamJoin}. */
export interface StreamJoinOptions<Left, Right, Out> extends StageOptions {
  /** How long before the left record, in milliseconds of event time, its partner may come. @defaultValue 0 where there is an `afterMs`, else any time */
  readonly beforeMs?: number;
  /** How long after the left record, in milliseconds of event time, its partner may come. @defaultValue 0 where there is a `beforeMs`, else any time */
  readonly afterMs?: number;
  /** Makes the output value. @defaultValue a {@link JoinedPair} */
  readonly select?: (left: Left, right: Right) => Out;
}

/**
 * Joins two keyed streams, the inputs "left" and "right": each record is paired at once with those of the other side that share its key.
 *
 * With `beforeMs` or `afterMs` both sides need event time, pairs are those whose times are that near, and records are forgotten when no partner
 * can come any more; late ones go to the outputs "lateLeft" and "lateRight". Without, every record is kept for ever, and the pipeline must allow that
 * (`unboundedState`). A pair has the later event time of both. A record without a partner gives nothing.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID, when the stage is added, for bounds that are no whole numbers ≥ 0; SF_PLAN_INVALID, when the plan
 * is checked, where the keys of both sides are of different types.
 * @example
 * ```ts
 * streamJoin({ afterMs: 600_000, select: (click: { page: string }, order: { sum: number }) => ({ page: click.page, sum: order.sum }) });
 * ```
 */
export function streamJoin<Left, Right, Out = JoinedPair<Left, Right>>(options: StreamJoinOptions<Left, Right, Out> = {}): Stage<Left, Out> {
  const { id, ...config } = options;
  return stageOf(streamJoinOperator, config as StreamJoinConfig, id === undefined ? {} : { id });
}

/** What `streamJoin` stages run. */
export const streamJoinOperator: OperatorDefinition<StreamJoinConfig> = {
  type: "streamJoin",
  inputs: ["left", "right"],
  outputs: ["main", "lateLeft", "lateRight"],
  shape: joinShape,
  create: (config, context) => new StreamJoin(config, context),
};

function joinShape(config: StreamJoinConfig, [left = unknownShape, right = unknownShape]: readonly Shape[]): NodeShape {
  const bounds = boundsOf(config);
  checkJoinInputs("streamJoin", left, right);
  const side = (name: string, { schema }: Shape): { readonly name: string; readonly type: NonNullable<Shape["schema"]> } => ({ name, type: schema ?? { type: "any" } });
  const main: Shape = {
    schema: config.select === undefined ? { type: "struct", fields: [side("left", left), side("right", right)] } : undefined,
    key: left.key === undefined ? undefined : { ...left.key, coPartitioned: left.key.coPartitioned && right.key?.coPartitioned === true },
    time: left.time && right.time,
    changes: "insert",
  };
  return {
    outputs: { main, lateLeft: left, lateRight: right },
    reads: ["all", "all"],
    forwards: ["lateLeft"],
    deterministic: true,
    stateful: true,
    needsKey: true,
    needsTime: bounds !== undefined,
    ...(bounds === undefined ? { unboundedState: "streamJoin keeps every record of both inputs; say how near in time they must be, by beforeMs and afterMs" } : {}),
    summary: bounds === undefined ? "join" : `join of what comes from ${bounds.beforeMs} ms before to ${bounds.afterMs} ms after`,
  };
}

interface Bounds {
  readonly beforeMs: number;
  readonly afterMs: number;
}

/** @throws {@link StreamFlowError} SF_CONFIG_INVALID */
function boundsOf({ beforeMs, afterMs }: StreamJoinConfig): Bounds | undefined {
  if (beforeMs === undefined && afterMs === undefined) return undefined;
  const bounds = { beforeMs: beforeMs ?? 0, afterMs: afterMs ?? 0 };
  for (const [name, value] of Object.entries(bounds)) {
    if (!Number.isSafeInteger(value) || value < 0) throw new StreamFlowError("SF_CONFIG_INVALID", `${name} must be a whole number ≥ 0 ms, got ${String(value)}`);
  }
  return bounds;
}

/** Records of one key and bucket, in order of arrival. */
interface Kept {
  readonly times: number[];
  readonly records: unknown[];
}

/** One input. Its records have partners from `beforeMs` before to `afterMs` after them. */
interface Side extends Bounds {
  readonly number: 0 | 1;
  readonly table: KeyedTable<Kept>;
  readonly late: Emit;
  /** Numbers of buckets that have a timer. */
  readonly open: Set<number>;
}

/** No bucket is narrower: each costs a timer, and a table for its keys. */
const leastBucketMs = 1_000;
/** A record's partners are in one bucket more than this, at most. */
const bucketsInSpan = 4;

class StreamJoin implements Operator {
  readonly inputs: readonly Emit[];
  readonly #context: OperatorContext;
  readonly #select: StreamJoinConfig["select"];
  readonly #isBounded: boolean;
  /** Infinite without bounds: all records are in bucket 0. */
  readonly #bucketMs: number;
  readonly #sides: readonly [Side, Side];

  constructor(config: StreamJoinConfig, context: OperatorContext) {
    const bounds = boundsOf(config);
    const { beforeMs, afterMs } = bounds ?? { beforeMs: Infinity, afterMs: Infinity };
    this.#context = context;
    this.#select = config.select;
    this.#isBounded = bounds !== undefined;
    this.#bucketMs = Math.max(leastBucketMs, Math.ceil((beforeMs + afterMs) / bucketsInSpan));
    const side = (number: 0 | 1, name: string, late: string): Omit<Side, keyof Bounds> => ({
      number, table: context.state.table(name, plainSerializer<Kept>()), late: context.output(late), open: new Set(),
    });
    this.#sides = [{ ...side(0, "left", "lateLeft"), beforeMs, afterMs }, { ...side(1, "right", "lateRight"), beforeMs: afterMs, afterMs: beforeMs }];
    const [left, right] = this.#sides;
    this.inputs = [(record) => this.#push(record, left, right), (record) => this.#push(record, right, left)];
  }

  restored(): void {
    for (const side of this.#sides) for (const bucket of side.table.namespaces()) this.#openBucket(side, bucket);
  }

  /** N3 */
  onTimer(_timeMs: number, timer: number): void {
    const side = this.#sides[(timer & 1) as 0 | 1];
    const bucket = Math.floor(timer / 2);
    side.table.drop(bucket);
    side.open.delete(bucket);
  }

  #push(record: unknown, own: Side, other: Side): void {
    const { cursor, time, node } = this.#context;
    const { timestampMs, key } = cursor;
    if (this.#isBounded) {
      if (Number.isNaN(timestampMs)) return this.#context.reject(new StreamFlowError("SF_TIME_MISSING", `"${node}" needs event time, and the record has none`), record);
      if (timestampMs <= time.watermarkMs) return own.late(record);
    }
    const last = this.#bucketOf(timestampMs + own.afterMs);
    for (let bucket = this.#bucketOf(timestampMs - own.beforeMs); bucket <= last; bucket++) {
      const partners = other.table.get(bucket, key);
      if (partners !== undefined) this.#pair(record, own, partners);
    }
    this.#keep(record, own);
  }

  #keep(record: unknown, side: Side): void {
    const { timestampMs, key } = this.#context.cursor;
    const bucket = this.#bucketOf(timestampMs);
    const kept = side.table.edit(bucket, key);
    if (kept === undefined) {
      side.table.set(bucket, key, { times: [timestampMs], records: [record] });
      this.#openBucket(side, bucket);
      return;
    }
    kept.times.push(timestampMs);
    kept.records.push(record);
  }

  /** N1 */
  #pair(record: unknown, own: Side, { times, records }: Kept): void {
    const { timestampMs, key } = this.#context.cursor;
    for (let at = 0; at < times.length; at++) {
      const partnerMs = times[at]!;
      if (partnerMs < timestampMs - own.beforeMs || partnerMs > timestampMs + own.afterMs) continue;
      const [left, right] = own.number === 0 ? [record, records[at]] : [records[at], record];
      this.#emit(left, right, { timestampMs: Math.max(timestampMs, partnerMs), key });
    }
  }

  #emit(left: unknown, right: unknown, at: { readonly timestampMs: number; readonly key: unknown }): void {
    const context = this.#context;
    let value: unknown;
    try {
      value = this.#select === undefined ? { left, right } : this.#select(left as never, right as never);
    } catch (thrown) {
      context.reject(failure(thrown, `select of "${context.node}"`), { left, right });
      return;
    }
    refusePromise(value, `streamJoin "${context.node}"`);
    emitUnder(context.cursor, at, () => context.emit(value));
  }

  #bucketOf(timeMs: number): number {
    return this.#isBounded ? Math.floor(timeMs / this.#bucketMs) : 0;
  }

  #openBucket(side: Side, bucket: number): void {
    if (!this.#isBounded || side.open.has(bucket)) return;
    side.open.add(bucket);
    // The bucket's last record has its last partner so long after it.
    this.#context.timers.setEvent((bucket + 1) * this.#bucketMs - 1 + side.afterMs, 2 * bucket + side.number);
  }
}

/** `streamJoin` in YAML. */
export const streamJoinSpec: ComponentSpec<"stage"> = stageSpec({
  type: "streamJoin",
  summary: "Pairs the records of two keyed streams that share a key, at once; with bounds, those that are near in event time.",
  fields: {
    before: { type: { kind: "duration", minMs: 0 }, doc: "How long before the left record, in event time, its partner may come. Without `before` and `after`, any time, and every record is kept." },
    after: { type: { kind: "duration", minMs: 0 }, doc: "How long after the left record, in event time, its partner may come." },
  },
  example: "type: streamJoin\nafter: 10m",
  config: ({ before, after }) => ({ beforeMs: before, afterMs: after }),
});
