// The steps of several aggregates in one call: generated where that is allowed, so that each aggregate has call sites of its own; else in a loop.
import { generatedFunction, mayGenerateCode } from "@streamflow/core";
import type { CompiledAggregate } from "./aggregate-function.ts";

/** One accumulator per aggregate, in the order of their names. */
export type Accumulators = unknown[];

/** What is done for all aggregates of a set together. */
export interface AggregateSteps {
  create(): Accumulators;
  /** What a record adds to each; throws where one of them cannot take it. The list is used again by the next call. */
  inputs(record: unknown): readonly unknown[];
  add(accumulators: Accumulators, inputs: readonly unknown[], ordinal: number): void;
  merge(into: Accumulators, other: Accumulators): void;
}

const mostGenerated = 64;

/** The steps of these aggregates. */
export function aggregateSteps(compiled: readonly CompiledAggregate[]): AggregateSteps {
  return mayGenerateCode() && compiled.length <= mostGenerated ? generatedSteps(compiled) : loopedSteps(compiled);
}

/** Steps in which every aggregate is called by name. */
export function generatedSteps(compiled: readonly CompiledAggregate[]): AggregateSteps {
  const each = (write: (at: number) => string, separator = ""): string => compiled.map((_, at) => write(at)).join(separator);
  const body = `${each((at) => `const c${at} = compiled[${at}], f${at} = c${at}.function;`)}
const given = [${each(() => "undefined", ", ")}];
return {
  create() { return [${each((at) => `f${at}.create()`, ", ")}]; },
  inputs(record) { ${each((at) => `given[${at}] = c${at}.input(record);`)} return given; },
  add(into, inputs, ordinal) { ${each((at) => `into[${at}] = f${at}.add(into[${at}], inputs[${at}], ordinal);`)} },
  merge(into, other) { ${each((at) => `into[${at}] = f${at}.merge(into[${at}], other[${at}]);`)} },
};`;
  return generatedFunction(["compiled"], body)(compiled) as AggregateSteps;
}

/** The same without generated code. */
export function loopedSteps(compiled: readonly CompiledAggregate[]): AggregateSteps {
  const given: unknown[] = compiled.map(() => undefined);
  return {
    create: () => compiled.map((one) => one.function.create()),
    inputs(record) {
      for (let at = 0; at < compiled.length; at++) given[at] = compiled[at]!.input(record);
      return given;
    },
    add(into, inputs, ordinal) {
      for (let at = 0; at < compiled.length; at++) into[at] = compiled[at]!.function.add(into[at], inputs[at], ordinal);
    },
    merge(into, other) {
      for (let at = 0; at < compiled.length; at++) into[at] = compiled[at]!.function.merge(into[at], other[at]);
    },
  };
}
