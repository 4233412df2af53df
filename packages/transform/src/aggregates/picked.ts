// min, max, first and last: one value out of many.
import type { DataType, Serializer } from "@streamflow/core";
import type { AggregateFunction, AggregateSpec, CompiledAggregate } from "../aggregate-function.ts";
import { checkComparable, type Comparator, comparatorOf, strictOrderOf } from "../comparison.ts";
import { type Computed, readsOf } from "../compute.ts";
import { numericExtreme } from "./extreme.ts";
import { isMissing } from "./values.ts";

/** What is offered for a record that is ranked by something else than its value. */
interface Offer {
  readonly value: unknown;
  readonly by: unknown;
}

/** The best so far; without a `by`, order of arrival decides. */
interface Picked {
  value: unknown;
  by: unknown;
  ordinal: number;
  isSet: boolean;
}

const serializer: Serializer<Picked> = {
  name: "picked",
  version: 1,
  write(picked, out) {
    out.value(picked.isSet);
    if (!picked.isSet) return;
    out.value(picked.value);
    out.value(picked.by);
    out.number(picked.ordinal);
  },
  read: (from) => (from.value() === true ? { isSet: true, value: from.value(), by: from.value(), ordinal: from.number() } : nothing()),
};

function nothing(): Picked {
  return { isSet: false, value: null, by: null, ordinal: 0 };
}

/** `sign` 1 keeps the greatest by rank, −1 the least; of equal ones `latest` keeps the last to arrive. */
interface Rule {
  readonly name: string;
  readonly sign: 1 | -1;
  readonly latest: boolean;
}

const rules = {
  min: { name: "min", sign: -1, latest: false },
  max: { name: "max", sign: 1, latest: false },
  first: { name: "first", sign: -1, latest: false },
  last: { name: "last", sign: 1, latest: true },
} as const satisfies Record<string, Rule>;

/** How values of an aggregate are ranked. */
interface Ranking {
  /** undefined: by order of arrival alone. */
  readonly compare: Comparator | undefined;
  /** What is offered is an {@link Offer}; else the value, which is also what it is ranked by. */
  readonly hasBy: boolean;
  readonly type: DataType | undefined;
}

function pickFunction({ name, sign, latest }: Rule, { compare, hasBy, type }: Ranking): AggregateFunction<unknown, Picked, unknown> {
  const wins = (by: unknown, ordinal: number, picked: Picked): boolean => {
    const rank = compare === undefined ? 0 : compare(by, picked.by) * sign;
    if (rank !== 0) return rank > 0;
    return latest ? ordinal >= picked.ordinal : ordinal < picked.ordinal;
  };
  return {
    name,
    serializer,
    ...(type === undefined ? {} : { type: { ...type, nullable: true } }),
    create: nothing,
    add(picked, offer, ordinal) {
      if (offer === null) return picked;
      const value = hasBy ? (offer as Offer).value : offer;
      const by = hasBy ? (offer as Offer).by : compare === undefined ? null : value;
      if (picked.isSet && !wins(by, ordinal, picked)) return picked;
      picked.isSet = true;
      picked.value = value;
      picked.by = by;
      picked.ordinal = ordinal;
      return picked;
    },
    merge(into, other) {
      if (!other.isSet || (into.isSet && !wins(other.by, other.ordinal, into))) return into;
      return Object.assign(into, other);
    },
    result: (picked) => picked.value,
  };
}

function compileExtreme(rule: Rule, of: Computed): CompiledAggregate {
  const compare = strictOrderOf(of.type);
  const check = (value: unknown): unknown => (isMissing(value) ? null : checkComparable(value, rule.name));
  const { sign } = rule;
  const numeric = mayBeNumber(of.type) ? { numeric: numericExtreme({ of, check, sign, compare }) } : {};
  return {
    function: pickFunction(rule, { compare, hasBy: false, type: of.type }) as AggregateFunction<unknown, unknown, unknown>,
    fields: of.fields,
    ...numeric,
    input: (record) => check(of.evaluate(record)),
  };
}

function mayBeNumber(type: DataType | undefined): boolean {
  return type === undefined || type.type === "any" || type.type === "int32" || type.type === "float64" || type.type === "timestamp";
}

function compileEdge(rule: Rule, of: Computed, by: Computed | undefined): CompiledAggregate {
  if (by === undefined) {
    return {
      function: pickFunction(rule, { compare: undefined, hasBy: false, type: of.type }) as AggregateFunction<unknown, unknown, unknown>,
      fields: of.fields,
      input: (record) => of.evaluate(record) ?? null,
    };
  }
  return {
    function: pickFunction(rule, { compare: comparatorOf(by.type), hasBy: true, type: of.type }) as AggregateFunction<unknown, unknown, unknown>,
    fields: readsOf(of, by),
    input(record): Offer | null {
      const value = of.evaluate(record);
      if (isMissing(value)) return null;
      const rank = by.evaluate(record);
      return isMissing(rank) ? null : { value, by: checkComparable(rank, rule.name) };
    },
  };
}

/** `min(x)`. */
export const minSpec: AggregateSpec = {
  name: "min",
  summary: "The least value: numbers by size (−0 below 0, NaN above all), strings by code unit, decimals by value. Null where there is no value.",
  signature: "min(value)",
  example: "min(delay)",
  minArguments: 1,
  maxArguments: 1,
  compile: ([of]) => compileExtreme(rules.min, of!),
};

/** `max(x)`. */
export const maxSpec: AggregateSpec = {
  name: "max",
  summary: "The greatest value, in the order of min.",
  signature: "max(value)",
  example: "max(delay)",
  minArguments: 1,
  maxArguments: 1,
  compile: ([of]) => compileExtreme(rules.max, of!),
};

/** `first(x)` and `first(x, by)`. */
export const firstSpec: AggregateSpec = {
  name: "first",
  summary: "The value that arrived first; with `by`, the value where that is least (of equal ones, the first to arrive). Nulls are left out.",
  signature: "first(value[, by])",
  example: "first(price, time)",
  minArguments: 1,
  maxArguments: 2,
  compile: ([of, by]) => compileEdge(rules.first, of!, by),
};

/** `last(x)` and `last(x, by)`. */
export const lastSpec: AggregateSpec = {
  name: "last",
  summary: "The value that arrived last; with `by`, the value where that is greatest (of equal ones, the last to arrive). Nulls are left out.",
  signature: "last(value[, by])",
  example: "last(price, time)",
  minArguments: 1,
  maxArguments: 2,
  compile: ([of, by]) => compileEdge(rules.last, of!, by),
};
