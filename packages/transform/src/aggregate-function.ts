// The contract of an aggregate: how values become an accumulator, and accumulators a result.
import type { AggregateCall, CodeScope, DataType, NumberSpace, Projection, Serializer } from "@streamflow/core";
import type { Computed } from "./compute.ts";

/**
 * An aggregate that users may write.
 *
 * - AGG-1. `create` answers the accumulator of no values. `add` and `merge` answer the accumulator to go on with; it may be the one they got, changed.
 * - AGG-2. `merge(into, other)` leaves `other` as it is: it may be merged again elsewhere. `result` leaves its accumulator as it is.
 * - AGG-3. Merging is associative and has `create()` as its neutral element: `merge(a, b)` of two parts equals adding all values to one.
 *   Which of two parts came first is not told by their order but by ordinals: what is added with a lower one arrived earlier.
 * - AGG-4. Values are added to an accumulator in order of arrival, with ordinals that never go back (they stay 0 where nothing is ever merged).
 *   Ordinals are only comparable within a key.
 * - AGG-5. `add` must not throw after it has changed the accumulator.
 */
export interface AggregateFunction<In, Acc, Out> {
  readonly name: string;
  /** How the accumulator is kept in checkpoints. */
  readonly serializer: Serializer<Acc>;
  /** Type of the result. @defaultValue unknown */
  readonly type?: DataType;
  create(): Acc;
  add(accumulator: Acc, value: In, ordinal: number): Acc;
  merge(into: Acc, other: Acc): Acc;
  result(accumulator: Acc): Out;
}

/** An aggregate as users write it: data, with the types of what goes in and comes out. */
export interface Aggregate<In = never, Out = unknown> extends AggregateCall {
  /** The function itself, where it is not one of the table. */
  readonly implementation?: AggregateFunction<never, unknown, unknown>;
  /** Carry types for inference only; never set. */
  readonly _in?: (record: In) => void;
  readonly _out?: Out;
}

/** Numbers by slot: a space of state, or what is made from some. */
export type NumberCells = Pick<NumberSpace, "columns" | "extras">;

/** A slot of it: what one key has. */
export interface NumericCell {
  space: NumberCells;
  slot: number;
}

/** What an aggregate keeps beside the numbers of a slot: int64, or values of which no number was expected. */
export function extraOf({ space, slot }: NumericCell, at: number): unknown {
  return (space.extras.get(slot) as Readonly<Record<number, unknown>> | undefined)?.[at];
}

/** Replaces it. */
export function setExtra({ space, slot }: NumericCell, at: number, value: unknown): void {
  space.extras.set(slot, { ...(space.extras.get(slot) as object | undefined), [at]: value });
}

/** Where the numbers of an aggregate stand, in generated code. */
export interface NumericPlace {
  /** Expressions for its columns. */
  readonly columns: readonly string[];
  readonly slot: string;
  /** The checked value. */
  readonly value: string;
  readonly space: string;
  readonly at: number;
}

/** An aggregate as numbers in columns, which begin as 0: the same results as its function. */
export interface NumericSteps {
  readonly version: number;
  readonly columns: number;
  /** What is added for a record; absent: nothing is read of it. */
  readonly argument?: Computed;
  /** Of a value that is no number: what to add in its place. Throws where it cannot be counted. @defaultValue the value itself */
  readonly check?: (value: unknown) => unknown;
  /** `at` is its first column. */
  add(space: NumberCells, at: number, slot: number, value: unknown): void;
  /** Adds to a cell what another one holds, as the function's `merge`; the order of arrival must not matter to it. */
  merge(at: number, into: NumericCell, other: NumericCell): void;
  /**
   * Whether `merge` gives, number for number, what adding the values of the other cell one by one would have given. False: it never does. @defaultValue it always does
   */
  readonly isExact?: false | ((at: number, into: NumericCell, other: NumericCell) => boolean);
  result(space: NumberCells, at: number, slot: number): unknown;
  /** Statements that add a value. */
  code(scope: CodeScope, place: NumericPlace): string;
  /** Statements that do as `merge`, for numbers with nothing beside: both are expressions of its columns, `into` such as can be assigned to. */
  mergeCode(scope: CodeScope, into: readonly string[], other: readonly string[]): string;
  /** An expression for the result of numbers with nothing beside: a number, or null. */
  resultCode(columns: readonly string[]): string;
}

/** An aggregate call, compiled for one input. */
export interface CompiledAggregate {
  readonly function: AggregateFunction<unknown, unknown, unknown>;
  readonly fields: Projection;
  /** Where its accumulator is nothing but numbers. */
  readonly numeric?: NumericSteps;
  /** What is added for a record. Throws where the record cannot be counted; then nothing was added. */
  input(record: unknown): unknown;
}

/** A row of the aggregate table. */
export interface AggregateSpec {
  readonly name: string;
  readonly summary: string;
  /** As written in YAML; those in brackets may be left out. */
  readonly signature: string;
  readonly example: string;
  readonly minArguments: number;
  readonly maxArguments: number;
  /** @throws {@link StreamFlowError} SF_CONFIG_INVALID for arguments that cannot work. */
  compile(arguments_: readonly Computed[]): CompiledAggregate;
}
