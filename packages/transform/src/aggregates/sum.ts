// sum and avg: exact for integers and decimals, compensated for floats.
import { type DataType, type Serializer, StreamFlowError } from "@streamflow/core";
import { type AggregateFunction, type AggregateSpec, type CompiledAggregate, extraOf, type NumericCell, type NumericSteps, setExtra } from "../aggregate-function.ts";
import type { Computed } from "../compute.ts";
import { isMissing, numericOrMissing } from "./values.ts";

/** Floats and integers apart: each is summed in its own exact way. Decimals are integers, counted in units of their last digit. */
interface Sums {
  float: number;
  compensation: number;
  floats: number;
  integer: bigint;
  integers: number;
}

const serializer: Serializer<Sums> = {
  name: "sum",
  version: 1,
  write(sums, out) {
    out.number(sums.float);
    out.number(sums.compensation);
    out.number(sums.floats);
    out.value(sums.integer);
    out.number(sums.integers);
  },
  read: (from) => ({ float: from.number(), compensation: from.number(), floats: from.number(), integer: from.value() as bigint, integers: from.number() }),
};

/** @see Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" */
function addFloat(sums: Sums, value: number): void {
  const total = sums.float + value;
  sums.compensation += Math.abs(sums.float) >= Math.abs(value) ? sums.float - total + value : value - total + sums.float;
  sums.float = total;
}

function addTo(sums: Sums, value: number | bigint | null): Sums {
  if (typeof value === "number") {
    addFloat(sums, value);
    sums.floats++;
  } else if (value !== null) {
    sums.integer += value;
    sums.integers++;
  }
  return sums;
}

function mergeInto(into: Sums, other: Sums): Sums {
  addFloat(into, other.float);
  into.compensation += other.compensation;
  into.floats += other.floats;
  into.integer += other.integer;
  into.integers += other.integers;
  return into;
}

/** Beyond the range of floats the compensation means nothing. */
function floatOf(sums: Sums): number {
  return Number.isFinite(sums.float) ? sums.float + sums.compensation : sums.float;
}

/** @throws {@link StreamFlowError} SF_TYPE_MISMATCH beyond int64. */
function sumOf(sums: Sums): number | bigint | null {
  if (sums.integers === 0) return sums.floats === 0 ? null : floatOf(sums);
  if (sums.floats > 0) return floatOf(sums) + Number(sums.integer);
  if (BigInt.asIntN(64, sums.integer) !== sums.integer) throw new StreamFlowError("SF_TYPE_MISMATCH", `the sum ${sums.integer} is beyond int64`);
  return sums.integer;
}

/** @throws {@link StreamFlowError} SF_TYPE_MISMATCH beyond 38 digits. */
function decimalSumOf(sums: Sums, scale: number): string | null {
  if (sums.integers === 0) return null;
  const digits = (sums.integer < 0n ? -sums.integer : sums.integer).toString().padStart(scale + 1, "0");
  if (digits.length > maxPrecision) throw new StreamFlowError("SF_TYPE_MISMATCH", `a sum of ${digits.length} digits is beyond decimal(${maxPrecision}, ${scale})`);
  const whole = digits.slice(0, digits.length - scale);
  return `${sums.integer < 0n ? "-" : ""}${whole}${scale === 0 ? "" : `.${digits.slice(-scale)}`}`;
}

const maxPrecision = 38;
const base = {
  serializer,
  create: (): Sums => ({ float: 0, compensation: 0, floats: 0, integer: 0n, integers: 0 }),
  add: addTo,
  merge: mergeInto,
};

function averageOf(sums: Sums, unit: number): number | null {
  const count = sums.floats + sums.integers;
  return count === 0 ? null : (floatOf(sums) + Number(sums.integer) / unit) / count;
}

function compileSum(of: Computed): CompiledAggregate {
  const { type } = of;
  const scale = type?.type === "decimal" ? type.scale : undefined;
  const sum: AggregateFunction<number | bigint | null, Sums, unknown> = {
    ...base,
    name: "sum",
    ...typeEntry(scale === undefined ? numericType(type) : { type: "decimal", precision: maxPrecision, scale, nullable: true }),
    result: scale === undefined ? sumOf : (sums) => decimalSumOf(sums, scale),
  };
  return compiled(sum, of, "sum");
}

function compileAverage(of: Computed): CompiledAggregate {
  const { type } = of;
  const unit = type?.type === "decimal" ? 10 ** type.scale : 1;
  const average: AggregateFunction<number | bigint | null, Sums, unknown> = {
    ...base,
    name: "avg",
    type: { type: "float64", nullable: true },
    result: (sums) => averageOf(sums, unit),
  };
  return compiled(average, of, "avg");
}

/** What is in integers of a cell, and how many there were. */
type Integers = readonly [sum: bigint, count: number];

function addIntegers(cell: NumericCell, at: number, [sum, count]: Integers): void {
  const [integer, integers] = (extraOf(cell, at) as Integers | undefined) ?? [0n, 0];
  setExtra(cell, at, [integer + sum, integers + count]);
}

function addToColumns({ space, slot }: NumericCell, at: number, value: number): void {
  const [float, compensation] = [space.columns[at]!, space.columns[at + 1]!];
  const before = float[slot]!;
  const total = before + value;
  compensation[slot]! += Math.abs(before) >= Math.abs(value) ? before - total + value : value - total + before;
  float[slot] = total;
}

/** int32 is not further from zero. */
const farthest = 2 ** 31;

/** Sums of whole numbers are exact in any order while they stay below 2^53 all the way. What is no whole number, against its declared type, shows in the sum. */
function isExactSum(at: number, into: NumericCell, other: NumericCell): boolean {
  const [given, own] = [other.space.columns, into.space.columns];
  const isWhole = given[at + 1]![other.slot] === 0 && own[at + 1]![into.slot] === 0 && Number.isInteger(given[at]![other.slot]);
  return isWhole && Math.abs(own[at]![into.slot]!) <= 2 ** 53 - given[at + 2]![other.slot]! * farthest;
}

/** The sums of floats in columns; int64, which no double holds, stands beside. */
function numericSums(of: Computed, what: "sum" | "avg", result: (sums: Sums) => unknown): NumericSteps {
  const add: NumericSteps["add"] = (space, at, slot, value) => {
    if (typeof value === "number") {
      addToColumns({ space, slot }, at, value);
      space.columns[at + 2]![slot]!++;
    } else if (typeof value === "bigint") addIntegers({ space, slot }, at, [value, 1]);
  };
  return {
    version: 1,
    columns: 3,
    argument: of,
    check: (value) => numericOrMissing(value, what),
    add,
    isExact: of.type?.type === "int32" && isExactSum,
    merge(at, into, other) {
      const { columns } = other.space;
      addToColumns(into, at, columns[at]![other.slot]!);
      into.space.columns[at + 1]![into.slot]! += columns[at + 1]![other.slot]!;
      into.space.columns[at + 2]![into.slot]! += columns[at + 2]![other.slot]!;
      const integers = other.space.extras.size === 0 ? undefined : (extraOf(other, at) as Integers | undefined);
      if (integers !== undefined) addIntegers(into, at, integers);
    },
    result(space, at, slot) {
      const [integer, integers] = (space.extras.size === 0 ? undefined : (extraOf({ space, slot }, at) as Integers | undefined)) ?? [0n, 0];
      return result({ float: space.columns[at]![slot]!, compensation: space.columns[at + 1]![slot]!, floats: space.columns[at + 2]![slot]!, integer, integers });
    },
    code(scope, { columns: [float, compensation, floats], slot, value, space, at }) {
      const [before, total] = [scope.temporary(), scope.temporary()];
      return `if(typeof ${value}==="number"){${before}=${float}[${slot}];${total}=${before}+${value};
${compensation}[${slot}]+=Math.abs(${before})>=Math.abs(${value})?${before}-${total}+${value}:${value}-${total}+${before};
${float}[${slot}]=${total};${floats}[${slot}]++;}else ${scope.bind(add)}(${space},${at},${slot},${value});`;
    },
    mergeCode(scope, [float, compensation, floats], [value, more, count]) {
      const [before, added, total] = [scope.temporary(), scope.temporary(), scope.temporary()];
      return `${before}=${float};${added}=${value};${total}=${before}+${added};
${compensation}+=Math.abs(${before})>=Math.abs(${added})?${before}-${total}+${added}:${added}-${total}+${before};
${compensation}+=${more};${float}=${total};${floats}+=${count};`;
    },
    // As the function does without integers: an infinite sum has no compensation, and a mean of −0 is 0.
    resultCode: ([float, compensation, floats]) => {
      const sum = `(${float}-${float}===0?${float}+${compensation}:${float})`;
      return `(${floats}===0?null:${what === "avg" ? `(${sum}+0)/${floats}` : sum})`;
    },
  };
}

function compiled(fn: AggregateFunction<number | bigint | null, Sums, unknown>, of: Computed, what: "sum" | "avg"): CompiledAggregate {
  const isDecimal = of.type?.type === "decimal";
  return {
    function: fn as AggregateFunction<unknown, unknown, unknown>,
    fields: of.fields,
    ...(isDecimal ? {} : { numeric: numericSums(of, what, (sums) => fn.result(sums)) }),
    input: isDecimal ? (record) => decimalUnits(of.evaluate(record), what) : (record) => numericOrMissing(of.evaluate(record), what),
  };
}

function decimalUnits(value: unknown, what: string): bigint | null {
  if (isMissing(value)) return null;
  if (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)) return BigInt(value.replace(".", ""));
  throw new StreamFlowError("SF_TYPE_MISMATCH", `${what} needs a decimal, got ${JSON.stringify(value)?.slice(0, 40)}`);
}

function numericType(type: DataType | undefined): DataType | undefined {
  if (type === undefined || type.type === "any") return undefined;
  if (type.type === "int64") return { type: "int64", nullable: true };
  if (type.type === "int32" || type.type === "float64") return { type: "float64", nullable: true };
  throw new StreamFlowError("SF_CONFIG_INVALID", `sum needs numbers, but its argument is of type ${type.type}`);
}

function typeEntry(type: DataType | undefined): { readonly type?: DataType } {
  return type === undefined ? {} : { type };
}

/** `sum(x)`. */
export const sumSpec: AggregateSpec = {
  name: "sum",
  summary: "The sum: exact for int64 (bigint) and decimal, compensated for floats (an error of about one rounding, whatever the count). Null where there is no value.",
  signature: "sum(value)",
  example: "sum(distance)",
  minArguments: 1,
  maxArguments: 1,
  compile: ([of]) => compileSum(of!),
};

/** `avg(x)`. */
export const averageSpec: AggregateSpec = {
  name: "avg",
  summary: "The arithmetic mean, from a compensated sum. Null where there is no value.",
  signature: "avg(value)",
  example: "avg(delay)",
  minArguments: 1,
  maxArguments: 1,
  compile: ([of]) => compileAverage(of!),
};
