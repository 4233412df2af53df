// Several aggregates as one: one list of accumulators, one result record.
import type { DataType, Field, FunctionTable, Projection, Schema, Serializer, StateInput, StateOutput } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import type { Aggregate, CompiledAggregate } from "./aggregate-function.ts";
import { type Accumulators, type AggregateSteps, aggregateSteps } from "./aggregate-steps.ts";
import { compileAggregate } from "./aggregates.ts";
import { readsOf } from "./compute.ts";
import { NumericAggregates } from "./numeric-aggregates.ts";

export type { Accumulators };

/** Aggregates by the name of their result field. */
export type Aggregates = Readonly<Record<string, Aggregate>>;

/** What the records must be, for all aggregates to take them. */
export type AggregatesIn<A extends Aggregates> = A[keyof A] extends { readonly _in?: (record: infer In) => void } ? In : unknown;
/** The results of all aggregates. */
export type AggregatesOut<A extends Aggregates> = { readonly [Name in keyof A]: A[Name] extends { readonly _out?: infer Out } ? Exclude<Out, undefined> : unknown };

/** The aggregates of one operator, compiled. */
export class AggregateSet {
  readonly names: readonly string[];
  readonly fields: Projection;
  /** The result fields with their types. */
  readonly resultFields: readonly Field[];
  readonly #compiled: readonly CompiledAggregate[];
  readonly #steps: AggregateSteps;

  /** @throws {@link StreamFlowError} SF_CONFIG_INVALID */
  constructor(aggregates: Aggregates, schema: Schema | undefined, functions: FunctionTable) {
    this.names = Object.keys(aggregates);
    if (this.names.length === 0) throw new StreamFlowError("SF_CONFIG_INVALID", "name at least one aggregate", { hint: "for example `count: count()`" });
    this.#compiled = this.names.map((name) => compileAggregate(aggregates[name]!, schema, functions));
    this.#steps = aggregateSteps(this.#compiled);
    this.fields = readsOf(...this.#compiled);
    this.resultFields = this.names.map((name, at) => ({ name, type: this.#compiled[at]!.function.type ?? anyType }));
  }

  create(): Accumulators {
    return this.#steps.create();
  }

  /** What a record adds to each; throws where one of them cannot take it, before anything is added. The list is used again by the next call. */
  inputs(record: unknown): readonly unknown[] {
    return this.#steps.inputs(record);
  }

  add(accumulators: Accumulators, inputs: readonly unknown[], ordinal: number): void {
    this.#steps.add(accumulators, inputs, ordinal);
  }

  merge(into: Accumulators, other: Accumulators): void {
    this.#steps.merge(into, other);
  }

  /** The same aggregates as numbers in columns, where all of them are, behind `own` columns of the operator. */
  numeric(own = 0): NumericAggregates | undefined {
    return NumericAggregates.of(this.names, this.#compiled, own);
  }

  /** The result of each, from its accumulator, in the order of the names. */
  get finishers(): readonly ((accumulator: unknown) => unknown)[] {
    return this.#compiled.map((one) => (accumulator) => one.function.result(accumulator));
  }

  /** Writes the results into a record. */
  results(accumulators: Accumulators, into: Record<string, unknown>): Record<string, unknown> {
    for (let at = 0; at < this.names.length; at++) into[this.names[at]!] = this.#compiled[at]!.function.result(accumulators[at]) ?? null;
    return into;
  }

  /** Names every function's own serializer and version, so that a change of one of them is noticed. */
  get serializer(): Serializer<Accumulators> {
    const serializers = this.#compiled.map((one) => one.function.serializer);
    return {
      name: `aggregates(${serializers.map(({ name, version }) => `${name}@${version}`).join(",")})`,
      version: 1,
      write: (accumulators: Accumulators, out: StateOutput) => serializers.forEach((serializer, at) => serializer.write(accumulators[at], out)),
      read: (from: StateInput) => serializers.map((serializer) => serializer.read(from, serializer.version)),
    };
  }
}

const anyType: DataType = { type: "any", nullable: true };
