// quantile: exact, over all values.
import { type Serializer, StreamFlowError } from "@streamflow/core";
import type { AggregateFunction, AggregateSpec } from "../aggregate-function.ts";
import { numericOrMissing } from "./values.ts";

/** All values, in one growing typed array. */
interface Values {
  array: Float64Array;
  count: number;
}

const serializer: Serializer<Values> = {
  name: "float64s",
  version: 1,
  write: ({ array, count }, out) => out.value(new Uint8Array(array.slice(0, count).buffer)),
  read(from) {
    const bytes = from.value() as Uint8Array;
    const array = new Float64Array(bytes.slice().buffer);
    return { array, count: array.length };
  },
};

function roomFor(values: Values, more: number): void {
  if (values.count + more <= values.array.length) return;
  const grown = new Float64Array(Math.max(values.count + more, values.array.length * 2, 8));
  grown.set(values.array.subarray(0, values.count));
  values.array = grown;
}

/**
 * The quantile by linear interpolation between the two nearest ranks, R's type 7 (what NumPy, Excel's PERCENTILE.INC and DuckDB's quantile_cont
 * answer): with values sorted, h = (n − 1)·q, and between v[⌊h⌋] and v[⌈h⌉]. NaN sorts above all other numbers. Null where there is no value.
 *
 * @see Hyndman and Fan 1996, "Sample Quantiles in Statistical Packages", definition 7
 */
export function quantileOf(sorted: Float64Array, q: number): number | null {
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

function quantileFunction(q: number): AggregateFunction<number | bigint | null, Values, number | null> {
  return {
    name: "quantile",
    serializer,
    type: { type: "float64", nullable: true },
    create: () => ({ array: new Float64Array(0), count: 0 }),
    add(values, value) {
      if (value === null) return values;
      roomFor(values, 1);
      values.array[values.count++] = Number(value);
      return values;
    },
    merge(into, other) {
      roomFor(into, other.count);
      into.array.set(other.array.subarray(0, other.count), into.count);
      into.count += other.count;
      return into;
    },
    result: ({ array, count }) => quantileOf(array.slice(0, count).sort(), q),
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
