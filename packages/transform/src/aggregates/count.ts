// count: how many.
import type { AggregateFunction, AggregateSpec, NumericSteps } from "../aggregate-function.ts";
import type { Computed } from "../compute.ts";
import { isMissing } from "./values.ts";

const countFunction: AggregateFunction<unknown, number, number> = {
  name: "count",
  serializer: { name: "count", version: 1, write: (count, out) => out.number(count), read: (from) => from.number() },
  type: { type: "float64" },
  create: () => 0,
  add: (count, value) => (isMissing(value) ? count : count + 1),
  merge: (into, other) => into + other,
  result: (count) => count,
};

function numericCount(of: Computed | undefined): NumericSteps {
  return {
    version: 1,
    columns: 1,
    ...(of === undefined ? {} : { argument: of }),
    add(space, at, slot, value) {
      if (!isMissing(value)) space.columns[at]![slot]!++;
    },
    merge: (at, into, other) => void (into.space.columns[at]![into.slot]! += other.space.columns[at]![other.slot]!),
    result: (space, at, slot) => space.columns[at]![slot],
    code: (_scope, { columns: [count], slot, value }) => (of === undefined ? `${count}[${slot}]++;` : `if(${value}!=null)${count}[${slot}]++;`),
    mergeCode: (_scope, [into], [other]) => `${into}+=${other};`,
    resultCode: ([count]) => count!,
  };
}

/** `count()` and `count(x)`. The result is a float64, exact up to 2^53. */
export const countSpec: AggregateSpec = {
  name: "count",
  summary: "How many records; with an argument, how many for which it is not null. A number, exact up to 2^53.",
  signature: "count([value])",
  example: "count()",
  minArguments: 0,
  maxArguments: 1,
  compile: ([of]) => ({ function: countFunction as AggregateFunction<unknown, unknown, unknown>, fields: of?.fields ?? [], input: of === undefined ? () => true : of.evaluate, numeric: numericCount(of) }),
};
