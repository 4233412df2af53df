// The aggregates: the table name -> function, and the builders of typed code.
import { type Compute, type Expression, type FunctionTable, isExpression, nearest, type Schema, StreamFlowError } from "@streamflow/core";
import type { Aggregate, AggregateFunction, AggregateSpec, CompiledAggregate } from "./aggregate-function.ts";
import { collectSpec, topNSpec } from "./aggregates/collect.ts";
import { countSpec } from "./aggregates/count.ts";
import { firstSpec, lastSpec, maxSpec, minSpec } from "./aggregates/picked.ts";
import { quantileSpec } from "./aggregates/quantile.ts";
import { averageSpec, sumSpec } from "./aggregates/sum.ts";
import { compute } from "./compute.ts";

/** All aggregates that a call may name. */
export const aggregateTable: readonly AggregateSpec[] = [countSpec, sumSpec, minSpec, maxSpec, averageSpec, firstSpec, lastSpec, quantileSpec, collectSpec, topNSpec];

/** A value of an aggregate that has none: null, where its argument may be missing. */
type NullOf<Value> = null extends Value ? null : undefined extends Value ? null : never;
/** Literal types of numbers are not kept through a sum. */
type Number_<Value> = Value extends bigint ? bigint : Value extends number ? number : never;
type Numeric = number | bigint | null | undefined;

function call<In, Out>(name: string, ...arguments_: readonly unknown[]): Aggregate<In, Out> {
  const given = arguments_.filter((argument) => argument !== undefined);
  return { kind: "aggregate", function: name, arguments: given.map((argument) => (isComputation(argument) ? argument : literal(argument as number))) };
}

function isComputation(argument: unknown): argument is Compute {
  return typeof argument === "function" || isExpression(argument);
}

function literal(value: number): Expression {
  return { kind: "literal", value };
}

/** How many records; with an argument, how many for which it is not null. */
export function count(): Aggregate<unknown, number>;
export function count<In>(of: Compute<In>): Aggregate<In, number>;
export function count<In>(of?: Compute<In>): Aggregate<In, number> {
  return call("count", of);
}

/** The sum: exact for bigints, compensated for numbers (Neumaier). Null where every value is null. */
export function sum<In, Value extends Numeric>(of: Compute<In, Value>): Aggregate<In, Number_<Value> | NullOf<Value>> {
  return call("sum", of);
}

/** The least value; NaN counts as above all other numbers. Null where every value is null. */
export function min<In, Value>(of: Compute<In, Value>): Aggregate<In, NonNullable<Value> | NullOf<Value>> {
  return call("min", of);
}

/** The greatest value; NaN counts as above all other numbers. Null where every value is null. */
export function max<In, Value>(of: Compute<In, Value>): Aggregate<In, NonNullable<Value> | NullOf<Value>> {
  return call("max", of);
}

/** The arithmetic mean. Null where every value is null. */
export function avg<In, Value extends Numeric>(of: Compute<In, Value>): Aggregate<In, number | NullOf<Value>> {
  return call("avg", of);
}

/** The value that arrived first; with `by`, the one where that is least. */
export function first<In, Value>(of: Compute<In, Value>, by?: Compute<In>): Aggregate<In, NonNullable<Value> | NullOf<Value>> {
  return call("first", of, by);
}

/** The value that arrived last; with `by`, the one where that is greatest. */
export function last<In, Value>(of: Compute<In, Value>, by?: Compute<In>): Aggregate<In, NonNullable<Value> | NullOf<Value>> {
  return call("last", of, by);
}

/** The exact quantile of all values (R-7, linear interpolation), `q` from 0 to 1. Null where every value is null. */
export function quantile<In, Value extends Numeric>(of: Compute<In, Value>, q: number): Aggregate<In, number | NullOf<Value>> {
  return call("quantile", of, q);
}

/** All values, or whole records, in order of arrival; nulls are left out. */
export function collect(): Aggregate<unknown, readonly unknown[]>;
export function collect<In, Value>(of: Compute<In, Value>): Aggregate<In, readonly NonNullable<Value>[]>;
export function collect<In, Value>(of?: Compute<In, Value>): Aggregate<In, readonly NonNullable<Value>[]> {
  return call("collect", of);
}

/** The `n` records (or values) with the greatest `by`, greatest first; of equal ones the first to arrive. */
export function topN<In, Value = In>(n: number, by: Compute<In>, of?: Compute<In, Value>): Aggregate<In, readonly Value[]> {
  return call("topN", n, by, of);
}

/** An aggregate by a function of one's own; `of` computes what it is given for each record. @defaultValue the whole record */
export function aggregateWith<In, Value, Accumulator, Out>(fn: AggregateFunction<Value, Accumulator, Out>, of?: Compute<In, Value>): Aggregate<In, Out> {
  return { ...call<In, Out>(fn.name, of), implementation: fn as unknown as AggregateFunction<never, unknown, unknown> };
}

/**
 * Compiles an aggregate for the records of one input.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for an unknown name or arguments that cannot work.
 */
export function compileAggregate(aggregate: Aggregate, schema: Schema | undefined, functions: FunctionTable): CompiledAggregate {
  const computed = aggregate.arguments.map((argument) => compute(argument, schema, functions));
  if (aggregate.implementation !== undefined) {
    const [of] = computed;
    return { function: aggregate.implementation as AggregateFunction<unknown, unknown, unknown>, fields: of?.fields ?? "all", input: of?.evaluate ?? ((record) => record) };
  }
  const spec = aggregateTable.find(({ name }) => name === aggregate.function);
  if (spec === undefined) throw unknownAggregate(aggregate.function);
  if (computed.length < spec.minArguments || computed.length > spec.maxArguments) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${spec.signature} got ${computed.length} arguments`, { hint: `for example ${spec.example}` });
  }
  return spec.compile(computed);
}

function unknownAggregate(name: string): StreamFlowError {
  const names = aggregateTable.map((spec) => spec.name);
  const near = nearest(name, names);
  return new StreamFlowError("SF_CONFIG_INVALID", `there is no aggregate "${name}"`, { hint: near === undefined ? `known: ${names.join(", ")}` : `did you mean "${near}"?` });
}
