// What all window operators are made of.
import type { KeyedTable, OperatorContext, Serializer } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import type { Accumulators, AggregateSet } from "../aggregate-set.ts";
import { failure } from "../compute.ts";
import type { EarlyTriggers, WindowMode } from "../trigger.ts";
import type { WindowOutput } from "./window-output.ts";

/** The parts that a window operator works with. */
export interface WindowParts {
  readonly context: OperatorContext;
  readonly set: AggregateSet;
  readonly output: WindowOutput;
  readonly mode: WindowMode;
  readonly early: EarlyTriggers;
  readonly allowedLatenessMs: number;
  /** Count and global windows: how long a key without records is remembered, in milliseconds of event time. */
  readonly ttlMs: number | undefined;
  /** Count windows: whether windows that were not filled are emitted at the end. */
  readonly emitPartial: boolean;
}

/** What a record adds, or undefined where it cannot be counted: then it is rejected. */
export function inputsOrReject({ context, set }: WindowParts, record: unknown): readonly unknown[] | undefined {
  try {
    return set.inputs(record);
  } catch (thrown) {
    context.reject(failure(thrown, `aggregates of "${context.node}"`), record);
    return undefined;
  }
}

/** Whether the record in hand has event time; one without is rejected. */
export function hasTimeOrReject({ context }: WindowParts, record: unknown): boolean {
  if (!Number.isNaN(context.cursor.timestampMs)) return true;
  context.reject(new StreamFlowError("SF_TIME_MISSING", `"${context.node}" needs event time, and the record has none`), record);
  return false;
}

/** What one key has in one window (or pane). */
export interface Cell {
  accumulators: Accumulators;
  /** Records since the last firing. */
  pending: number;
  /** Ordinal of the record that came last. */
  ordinal: number;
}

/** How cells are kept. */
export function cellSerializer(set: AggregateSet): Serializer<Cell> {
  const inner = set.serializer;
  const { name, version } = inner;
  return {
    name: `cell:${name}`,
    version,
    write(cell, out) {
      out.number(cell.pending);
      out.number(cell.ordinal);
      inner.write(cell.accumulators, out);
    },
    read: (from, stored) => ({ pending: from.number(), ordinal: from.number(), accumulators: inner.read(from, stored) }),
  };
}

/** The cell of a key, made where there is none. */
export function cellOf(cells: KeyedTable<Cell>, namespace: number, key: unknown, set: AggregateSet): Cell {
  const known = cells.edit(namespace, key);
  if (known !== undefined) return known;
  const cell: Cell = { accumulators: set.create(), pending: 0, ordinal: 0 };
  cells.set(namespace, key, cell);
  return cell;
}
