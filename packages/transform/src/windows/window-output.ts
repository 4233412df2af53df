// From a window's accumulators to a record of its result.
import type { Cursor, OperatorContext } from "@streamflow/core";
import { ChangeKind, StreamFlowError } from "@streamflow/core";
import type { Accumulators } from "../aggregate-set.ts";
import { failure } from "../compute.ts";
import { isStructKey, keyNames, type ResultMaker, resultMaker, type ResultSet } from "../result-record.ts";
import type { FiringCause } from "../trigger.ts";
import { ResultColumns } from "./result-columns.ts";

/** What is known of a window when it fires. */
export interface WindowInfo {
  readonly key: unknown;
  /**
   * Bounds `[startMs, endMs)` in event time. Of count and global windows: from the least to just after the greatest event time of the records in
   * the result; null where none has one.
   */
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly cause: FiringCause;
}

/** Makes the output value from results by name. */
export type WindowEmit = (results: never, window: WindowInfo) => unknown;

/** Names of the fields that every result has besides key and aggregates. */
export const boundFields = { start: "windowStart", end: "windowEnd" } as const;

/** Emits the results of one operator's windows. */
export class WindowOutput {
  readonly #context: OperatorContext;
  /** The whole result; for `emit`, the aggregates alone. */
  readonly #make: ResultMaker;
  readonly #emitOf: WindowEmit | undefined;
  readonly #finishers: ResultSet["finishers"];
  /** The fields of results; undefined where they are no records of these fields. */
  readonly #fields: readonly string[] | undefined;
  /** Results that wait for `flush`. Made when there are some: many windows are idle. */
  #columns: ResultColumns | undefined;

  constructor(context: OperatorContext, set: ResultSet, emitOf: WindowEmit | undefined) {
    this.#context = context;
    const key = context.inputShapes[0]?.key;
    this.#make = resultMaker(set, emitOf === undefined ? { leading: [boundFields.start, boundFields.end], key, hasKey: true } : {});
    this.#emitOf = emitOf;
    this.#finishers = set.finishers;
    const [name = "", ...more] = keyNames(key);
    this.#fields = emitOf === undefined && more.length === 0 && !isStructKey(key) ? [boundFields.start, boundFields.end, name, ...set.names] : undefined;
  }

  /** Where results are collected, for `flush`; undefined where they are no records of known fields. */
  get columns(): ResultColumns | undefined {
    if (this.#fields === undefined) return undefined;
    return (this.#columns ??= new ResultColumns(this.#fields));
  }

  /** As `fire`, for an operator that fires many and then calls `flush`. */
  collect(accumulators: Accumulators, window: WindowInfo): void {
    const { columns } = this;
    if (columns === undefined || window.startMs === null || window.endMs === null) return this.fire(accumulators, window);
    if (columns.isFull) this.flush();
    columns.begin(window.key, window.startMs, window.endMs);
    try {
      for (let i = 0; i < this.#finishers.length; i++) columns.put(i, this.#finishers[i]!(accumulators[i]) ?? null);
    } catch (thrown) {
      columns.drop();
      this.flush();
      this.#reject(thrown, window);
    }
  }

  /** Emits what was collected. */
  flush(): void {
    if (this.#columns === undefined || this.#columns.length === 0) return;
    this.#context.emitAll(this.#columns.records);
    this.#columns.clear();
  }

  /** Emits the result of one window of one key, under the last millisecond of the window, and leaves the cursor as it was. */
  fire(accumulators: Accumulators, window: WindowInfo): void {
    let value: unknown;
    try {
      value = this.#value(accumulators, window);
    } catch (thrown) {
      this.#reject(thrown, window);
      return;
    }
    const { cursor, emit } = this.#context;
    const { timestampMs, key, change } = cursor;
    cursor.timestampMs = window.endMs === null ? NaN : window.endMs - 1;
    cursor.key = window.key;
    cursor.change = ChangeKind.insert;
    emit(value);
    cursor.timestampMs = timestampMs;
    cursor.key = key;
    cursor.change = change;
  }

  #reject(thrown: unknown, { key, startMs, endMs }: WindowInfo): void {
    this.#context.reject(failure(thrown, `result of "${this.#context.node}"`), { windowStart: startMs, windowEnd: endMs, key });
  }

  #value(accumulators: Accumulators, window: WindowInfo): unknown {
    if (this.#emitOf === undefined) return this.#make(accumulators, window.key, window.startMs, window.endMs);
    const value = this.#emitOf(this.#make(accumulators) as never, window);
    if (value === undefined) throw new StreamFlowError("SF_TYPE_MISMATCH", "emit answered undefined", { hint: "return a value; leave results out with a filter behind the window" });
    return value;
  }
}

/** Emits under another time, key and change kind (an insert), and puts the cursor back. */
export function emitUnder(cursor: Cursor, at: { readonly timestampMs: number; readonly key: unknown; readonly change?: ChangeKind }, emit: () => void): void {
  const { timestampMs, key, change } = cursor;
  cursor.timestampMs = at.timestampMs;
  cursor.key = at.key;
  cursor.change = at.change ?? ChangeKind.insert;
  emit();
  cursor.timestampMs = timestampMs;
  cursor.key = key;
  cursor.change = change;
}
