// collect and topN: several values out of many.
import { type DataType, type Serializer, StreamFlowError } from "@streamflow/core";
import type { AggregateFunction, AggregateSpec, CompiledAggregate } from "../aggregate-function.ts";
import { checkComparable, comparatorOf } from "../comparison.ts";
import { type Computed, readsOf } from "../compute.ts";
import { isMissing } from "./values.ts";

/** Values with their ordinals, in two lists. */
interface Collected {
  readonly values: unknown[];
  readonly ordinals: number[];
}

const collectedSerializer: Serializer<Collected> = {
  name: "collected",
  version: 1,
  write(collected, out) {
    out.value(collected.values);
    out.value(collected.ordinals);
  },
  read: (from) => ({ values: from.value() as unknown[], ordinals: from.value() as number[] }),
};

/** Merges two lists that are each in order of arrival into one. */
function mergeCollected(into: Collected, other: Collected): Collected {
  const inOrder = (into.ordinals.at(-1) ?? -Infinity) <= (other.ordinals[0] ?? Infinity);
  for (let i = 0; i < other.values.length; i++) {
    into.values.push(other.values[i]);
    into.ordinals.push(other.ordinals[i]!);
  }
  if (inOrder) return into;
  const order = into.ordinals.map((ordinal, at) => [ordinal, at] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return { values: order.map(([, at]) => into.values[at]), ordinals: order.map(([ordinal]) => ordinal) };
}

function compileCollect(of: Computed | undefined): CompiledAggregate {
  const collect: AggregateFunction<unknown, Collected, readonly unknown[]> = {
    name: "collect",
    serializer: collectedSerializer,
    type: listOf(of?.type),
    create: () => ({ values: [], ordinals: [] }),
    add(collected, value, ordinal) {
      if (isMissing(value)) return collected;
      collected.values.push(value);
      collected.ordinals.push(ordinal);
      return collected;
    },
    merge: mergeCollected,
    result: ({ values }) => [...values],
  };
  return { function: collect as AggregateFunction<unknown, unknown, unknown>, fields: of?.fields ?? "all", input: of?.evaluate ?? ((record) => record) };
}

function listOf(element: DataType | undefined): DataType {
  return { type: "list", element: element ?? { type: "any" } };
}

/** `collect()` and `collect(x)`. */
export const collectSpec: AggregateSpec = {
  name: "collect",
  summary: "All values, or whole records, as a list in order of arrival. Nulls are left out. Keeps every value.",
  signature: "collect([value])",
  example: "collect(flight)",
  minArguments: 0,
  maxArguments: 1,
  compile: ([of]) => compileCollect(of),
};

interface Ranked {
  readonly by: unknown;
  readonly value: unknown;
  readonly ordinal: number;
}

const rankedSerializer: Serializer<Ranked[]> = {
  name: "ranked",
  version: 1,
  write(ranked, out) {
    out.number(ranked.length);
    for (const { by, value, ordinal } of ranked) {
      out.value(by);
      out.value(value);
      out.number(ordinal);
    }
  },
  read: (from) => Array.from({ length: from.number() }, () => ({ by: from.value(), value: from.value(), ordinal: from.number() })),
};

function compileTopN(limit: number, by: Computed, of: Computed | undefined): CompiledAggregate {
  const compare = comparatorOf(by.type);
  /** Greatest first; of equal ones the first to arrive. */
  const isBefore = (a: Ranked, b: Ranked): boolean => {
    const rank = compare(a.by, b.by);
    return rank !== 0 ? rank > 0 : a.ordinal < b.ordinal;
  };
  const insert = (ranked: Ranked[], one: Ranked): Ranked[] => {
    let at = ranked.length;
    while (at > 0 && isBefore(one, ranked[at - 1]!)) at--;
    if (at === limit) return ranked;
    ranked.splice(at, 0, one);
    if (ranked.length > limit) ranked.pop();
    return ranked;
  };
  const topN: AggregateFunction<Omit<Ranked, "ordinal"> | null, Ranked[], readonly unknown[]> = {
    name: "topN",
    serializer: rankedSerializer,
    type: listOf(of?.type),
    create: () => [],
    add: (ranked, offer, ordinal) => (offer === null ? ranked : insert(ranked, { ...offer, ordinal })),
    merge: (into, other) => other.reduce(insert, into),
    result: (ranked) => ranked.map(({ value }) => value),
  };
  return {
    function: topN as AggregateFunction<unknown, unknown, unknown>,
    fields: of === undefined ? "all" : readsOf(by, of),
    input(record) {
      const rank = by.evaluate(record);
      if (isMissing(rank)) return null;
      return { by: checkComparable(rank, "topN"), value: of === undefined ? record : of.evaluate(record) ?? null };
    },
  };
}

/** `topN(n, by)` and `topN(n, by, x)`. */
export const topNSpec: AggregateSpec = {
  name: "topN",
  summary: "The n records (or values) with the greatest `by`, greatest first; of equal ones the first to arrive. Records whose `by` is null are left out.",
  signature: "topN(n, by[, value])",
  example: "topN(3, delay)",
  minArguments: 2,
  maxArguments: 3,
  compile([constant, by, of]) {
    const n = constant!.fields.length === 0 ? constant!.evaluate(null) : undefined;
    if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 1) throw new StreamFlowError("SF_CONFIG_INVALID", `topN needs a constant n ≥ 1, got ${String(n)}`);
    return compileTopN(n, by!, of);
  },
};
