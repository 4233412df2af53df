// quantile: exact, over all values.
import { type Serializer, StreamFlowError } from "@streamflow/core";
import type { AggregateFunction, AggregateSpec } from "../aggregate-function.ts";
import { numericOrMissing } from "./values.ts";

type Values = number[];

const serializer: Serializer<Values> = {
  name: "float64s",
  version: 1,
  write: (values, out) => out.value(new Uint8Array(Float64Array.from(values).buffer)),
  read: (from) => Array.from(new Float64Array((from.value() as Uint8Array).slice().buffer)),
};

/**
 * The quantile by linear interpolation between the two nearest ranks, R's type 7 (what NumPy, Excel's PERCENTILE.INC and DuckDB's quantile_cont
 * answer): with values sorted, h = (n − 1)·q, and between v[⌊h⌋] and v[⌈h⌉]. NaN sorts above all other numbers. Null where there is no value.
 *
 * @see Hyndman and Fan 1996, "Sample Quantiles in Statistical Packages", definition 7
 */
export function quantileOf(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null;
  const h = (sorted.length - 1) * q;
  const low = sorted[Math.floor(h)]!;
  const high = sorted[Math.ceil(h)]!;
  if (low === high) return low;
  const part = h - Math.floor(h);
  const span = high - low;
  // Apart by more than the range of floats: weigh the ends instead of scaling their difference.
  return Number.isFinite(span) ? low + span * part : low * (1 - part) + high * part;
}

const mostInserted = 32;

/** Ascending, NaN last. A few values are put in place one by one, which is faster than making a typed array of them. */
function sortedCopy(values: Values): ArrayLike<number> {
  if (values.length > mostInserted) return Float64Array.from(values).sort();
  const sorted = values.slice();
  for (let i = 1; i < sorted.length; i++) {
    const value = sorted[i]!;
    let at = i;
    while (at > 0 && isBefore(value, sorted[at - 1]!)) {
      sorted[at] = sorted[at - 1]!;
      at--;
    }
    sorted[at] = value;
  }
  return sorted;
}

/** The order of `Float64Array.prototype.sort`: −0 before 0, NaN behind all. */
function isBefore(a: number, b: number): boolean {
  if (a < b) return true;
  if (a > b) return false;
  return a === b ? a === 0 && Object.is(a, -0) && Object.is(b, 0) : !Number.isNaN(a) && Number.isNaN(b);
}

function quantileFunction(q: number): AggregateFunction<number | bigint | null, Values, number | null> {
  return {
    name: "quantile",
    serializer,
    type: { type: "float64", nullable: true },
    create: () => [],
    add(values, value) {
      if (value !== null) values.push(Number(value));
      return values;
    },
    merge(into, other) {
      for (const value of other) into.push(value);
      return into;
    },
    result: (values) => quantileOf(sortedCopy(values), q),
  };
}

/** `quantile(x, q)`. */
export const quantileSpec: AggregateSpec = {
  name: "quantile",
  summary: "The exact quantile of all values, q from 0 to 1, by linear interpolation (R-7). Keeps 8 bytes per value. Null where there is no value.",
  signature: "quantile(value, q)",
  example: "quantile(delay, 0.95)",
  minArguments: 2,
  maxArguments: 2,
  compile([of, constant]) {
    const q = constant!.fields.length === 0 ? constant!.evaluate(null) : undefined;
    if (typeof q !== "number" || !(q >= 0 && q <= 1)) throw new StreamFlowError("SF_CONFIG_INVALID", `quantile needs a constant from 0 to 1, got ${String(q)}`);
    return {
      function: quantileFunction(q) as AggregateFunction<unknown, unknown, unknown>,
      fields: of!.fields,
      input: (record) => numericOrMissing(of!.evaluate(record), "quantile"),
    };
  },
};
