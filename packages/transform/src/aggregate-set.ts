// Several aggregates as one: one list of accumulators, one result record.
import type { DataType, Field, FunctionTable, Projection, Schema, Serializer, StateInput, StateOutput } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import type { Aggregate, CompiledAggregate } from "./aggregate-function.ts";
import { compileAggregate } from "./aggregates.ts";
import { readsOf } from "./compute.ts";

/** Aggregates by the name of their result field. */
export type Aggregates = Readonly<Record<string, Aggregate>>;

/** What the records must be, for all aggregates to take them. */
export type AggregatesIn<A extends Aggregates> = A[keyof A] extends { readonly _in?: (record: infer In) => void } ? In : unknown;
/** The results of all aggregates. */
export type AggregatesOut<A extends Aggregates> = { readonly [Name in keyof A]: A[Name] extends { readonly _out?: infer Out } ? Exclude<Out, undefined> : unknown };

/** One accumulator per aggregate, in the order of their names. */
export type Accumulators = unknown[];

/** The aggregates of one operator, compiled. */
export class AggregateSet {
  readonly names: readonly string[];
  readonly fields: Projection;
  /** The result fields with their types. */
  readonly resultFields: readonly Field[];
  readonly #compiled: readonly CompiledAggregate[];

  /** @throws {@link StreamFlowError} SF_CONFIG_INVALID */
  constructor(aggregates: Aggregates, schema: Schema | undefined, functions: FunctionTable) {
    this.names = Object.keys(aggregates);
    if (this.names.length === 0) throw new StreamFlowError("SF_CONFIG_INVALID", "name at least one aggregate", { hint: "for example `count: count()`" });
    this.#compiled = this.names.map((name) => compileAggregate(aggregates[name]!, schema, functions));
    this.fields = readsOf(...this.#compiled);
    this.resultFields = this.names.map((name, at) => ({ name, type: this.#compiled[at]!.function.type ?? anyType }));
  }

  create(): Accumulators {
    return this.#compiled.map((one) => one.function.create());
  }

  /** What a record adds to each; throws where one of them cannot take it, before anything is added. */
  inputs(record: unknown): unknown[] {
    const compiled = this.#compiled;
    const inputs: unknown[] = new Array(compiled.length);
    for (let at = 0; at < compiled.length; at++) inputs[at] = compiled[at]!.input(record);
    return inputs;
  }

  add(accumulators: Accumulators, inputs: readonly unknown[], ordinal: number): void {
    const compiled = this.#compiled;
    for (let at = 0; at < compiled.length; at++) accumulators[at] = compiled[at]!.function.add(accumulators[at], inputs[at], ordinal);
  }

  merge(into: Accumulators, other: Accumulators): void {
    const compiled = this.#compiled;
    for (let at = 0; at < compiled.length; at++) into[at] = compiled[at]!.function.merge(into[at], other[at]);
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
