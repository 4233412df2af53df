// From a window's accumulators to a record of its result.
import type { Cursor, Field, KeyShape, OperatorContext, StructType } from "@streamflow/core";
import { ChangeKind, StreamFlowError } from "@streamflow/core";
import { type Accumulators, type AggregateSet } from "../aggregate-set.ts";
import { failure } from "../compute.ts";
import type { FiringCause } from "../trigger.ts";

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
  readonly #set: AggregateSet;
  readonly #keyNames: readonly string[];
  readonly #isStruct: boolean;
  readonly #emitOf: WindowEmit | undefined;

  constructor(context: OperatorContext, set: AggregateSet, emitOf: WindowEmit | undefined) {
    this.#context = context;
    this.#set = set;
    const key = context.inputShapes[0]?.key;
    this.#keyNames = keyNames(key);
    this.#isStruct = isStructKey(key);
    this.#emitOf = emitOf;
  }

  /** Emits the result of one window of one key, under the last millisecond of the window, and leaves the cursor as it was. */
  fire(accumulators: Accumulators, window: WindowInfo): void {
    let value: unknown;
    try {
      value = this.#value(accumulators, window);
    } catch (thrown) {
      const { key, startMs, endMs } = window;
      this.#context.reject(failure(thrown, `result of "${this.#context.node}"`), { windowStart: startMs, windowEnd: endMs, key });
      return;
    }
    emitUnder(this.#context.cursor, { timestampMs: window.endMs === null ? NaN : window.endMs - 1, key: window.key }, () => this.#context.emit(value));
  }

  #value(accumulators: Accumulators, window: WindowInfo): unknown {
    if (this.#emitOf !== undefined) {
      const value = this.#emitOf(this.#set.results(accumulators, {}) as never, window);
      if (value === undefined) throw new StreamFlowError("SF_TYPE_MISMATCH", "emit answered undefined", { hint: "return a value; leave results out with a filter behind the window" });
      return value;
    }
    const record: Record<string, unknown> = { [boundFields.start]: window.startMs, [boundFields.end]: window.endMs };
    if (this.#isStruct) for (const name of this.#keyNames) record[name] = (window.key as Record<string, unknown> | null)?.[name] ?? null;
    else record[this.#keyNames[0]!] = window.key;
    return this.#set.results(accumulators, record);
  }
}

/** Emits as an insert under another time and key, and puts the cursor back. */
export function emitUnder(cursor: Cursor, at: { readonly timestampMs: number; readonly key: unknown }, emit: () => void): void {
  const { timestampMs, key, change } = cursor;
  cursor.timestampMs = at.timestampMs;
  cursor.key = at.key;
  cursor.change = ChangeKind.insert;
  emit();
  cursor.timestampMs = timestampMs;
  cursor.key = key;
  cursor.change = change;
}

/** Names under which a key stands in results: those of the fields it was read from, else "key". */
export function keyNames(key: KeyShape | undefined): readonly string[] {
  return key?.fields ?? ["key"];
}

function isStructKey(key: KeyShape | undefined): boolean {
  return key?.fields !== undefined && (key.fields.length !== 1 || key.type?.type === "struct");
}

/**
 * The type of a result.
 * @throws {@link StreamFlowError} SF_PLAN_INVALID where two fields would have one name.
 */
export function resultSchema(leading: readonly Field[], key: KeyShape | undefined, aggregates: readonly Field[]): StructType {
  const anyType = { type: "any", nullable: true } as const;
  const names = keyNames(key);
  const keyFields = names.map((name): Field => {
    if (!isStructKey(key)) return { name, type: key?.type ?? anyType };
    const declared = key?.type?.type === "struct" ? key.type.fields.find((field) => field.name === name) : undefined;
    return declared ?? { name, type: anyType };
  });
  const fields = [...leading, ...keyFields, ...aggregates];
  const double = fields.find((field, at) => fields.findIndex((other) => other.name === field.name) < at);
  if (double !== undefined) throw new StreamFlowError("SF_PLAN_INVALID", `two fields of the result are named "${double.name}"`, { hint: "give the aggregate another name" });
  return { type: "struct", fields };
}
