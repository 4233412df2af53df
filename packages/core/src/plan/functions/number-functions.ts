// Functions over numbers.
import type { ExpressionFunction } from "../../contracts/operator.ts";
import type { DataType } from "../../schema.ts";
import { compareValues } from "../../types/compare.ts";
import { withoutNull } from "../../types/constructors.ts";
import { formatDecimal, parseDecimal } from "../../types/decimal.ts";
import { exact, failed, negate } from "../expression-runtime.ts";
import { commonType, isUnknown } from "../operator-types.ts";
import { badLiteral, defineFunction, kinds } from "./define-function.ts";

const { float64, int64, int32, decimal, string, timestamp } = kinds;
const number = [float64, int64] as const;
const ordered = [float64, int64, string, timestamp] as const;
type Numeric = number | bigint;

/** Functions over numbers. Those over int64 are exact and fail where a result is beyond 64 bits. */
export const numberFunctions: readonly ExpressionFunction[] = [
  defineFunction({ name: "abs", summary: "The absolute value.", parameters: { value: [float64, int64, decimal] }, result: sameNumber, example: "abs(-2.5) // => 2.5", evaluate: abs }),
  defineFunction({ name: "floor", summary: "The largest whole number that is not greater.", parameters: { value: number }, result: sameNumber, example: "floor(-1.5) // => -2", evaluate: (value: Numeric) => (typeof value === "bigint" ? value : Math.floor(value)) }),
  defineFunction({ name: "ceil", summary: "The smallest whole number that is not less.", parameters: { value: number }, result: sameNumber, example: "ceil(1.2) // => 2", evaluate: (value: Numeric) => (typeof value === "bigint" ? value : Math.ceil(value)) }),
  defineFunction({
    name: "round", summary: "The nearest number with `digits` digits behind the point (0 to 15, default 0); halves go away from zero, as the number is written.",
    parameters: { value: number, "digits?": int32 }, result: ([value]) => sameNumber([value]), check: ([, digits]) => checkDigits(digits), example: "round(2.345, 2) // => 2.35", evaluate: round,
  }),
  defineFunction({ name: "min", summary: "The least of the values, in the order of the type table.", parameters: { value: ordered }, variadic: true, result: (types) => oneType(types, "min"), example: "min(3, 1, 2) // => 1", evaluate: (...values: unknown[]) => extreme(values, "min", -1) }),
  defineFunction({ name: "max", summary: "The greatest of the values, in the order of the type table.", parameters: { value: ordered }, variadic: true, result: (types) => oneType(types, "max"), example: 'max("a", "b") // => "b"', evaluate: (...values: unknown[]) => extreme(values, "max", 1) }),
  defineFunction({ name: "sqrt", summary: "The square root; NaN below zero.", parameters: { value: float64 }, result: float64, example: "sqrt(9) // => 3", evaluate: (value: number) => Math.sqrt(value) }),
  defineFunction({ name: "pow", summary: "The base raised to the exponent, in float64.", parameters: { base: float64, exponent: float64 }, result: float64, example: "pow(2, 10) // => 1024", evaluate: (base: number, exponent: number) => base ** exponent }),
  defineFunction({ name: "sign", summary: "-1, 0 or 1; NaN for NaN.", parameters: { value: number }, result: float64, example: "sign(-3) // => -1", evaluate: sign }),
  defineFunction({
    name: "floorMod", summary: "The remainder with the sign of the divisor, so that it never is negative for a positive one. (`%` has the sign of the dividend.) Int64 by 0 fails; float64 by 0 is NaN.",
    parameters: { value: number, divisor: number }, result: (types) => oneType(types, "floorMod"), example: "floorMod(-1, 7) // => 6", evaluate: floorMod,
  }),
];

/** int32 becomes float64, as in arithmetic. */
function sameNumber([type]: readonly (DataType | undefined)[]): DataType | undefined {
  if (isUnknown(type)) return undefined;
  return type.type === "int32" ? float64 : withoutNull(type);
}

function oneType(types: readonly (DataType | undefined)[], name: string): DataType | undefined {
  if (types.some(isUnknown)) return undefined;
  const [first, ...rest] = types;
  const common = rest.reduce((type, next) => commonType(type, next), first);
  if (common === undefined) throw badLiteral(`${name}: the values must be of one type`, "convert with toNumber(…) or toInt64(…)");
  return withoutNull(common);
}

function abs(value: Numeric | string): unknown {
  if (typeof value === "number") return Math.abs(value);
  if (typeof value === "bigint") return value < 0n ? negate(value) : value;
  if (parseDecimal(value) === undefined) throw failed(`abs: ${JSON.stringify(value.slice(0, 40))} is not a number`);
  return value.startsWith("-") ? value.slice(1) : value;
}

function checkDigits(digits: unknown): void {
  if (typeof digits === "number" && (digits < 0 || digits > 15)) throw badLiteral(`round: "digits" must be from 0 to 15, got ${digits}`);
}

function round(value: Numeric, digits = 0): Numeric {
  if (!Number.isInteger(digits) || digits < 0 || digits > 15) throw failed(`round: "digits" must be a whole number from 0 to 15, got ${digits}`);
  if (typeof value === "bigint" || !Number.isFinite(value) || Math.abs(value) >= 1e21) return value;
  // Rounding the shortest text of the number is what people expect of 1.005, which is a little less in binary.
  const parsed = parseDecimal(String(value)) ?? { units: 0n, scale: 0 };
  if (parsed.scale <= digits) return value;
  const divisor = 10n ** BigInt(parsed.scale - digits);
  const half = divisor / 2n;
  const units = (parsed.units + (parsed.units < 0n ? -half : half)) / divisor;
  return Number(formatDecimal(units, digits));
}

function extreme(values: readonly unknown[], name: string, direction: 1 | -1): unknown {
  let best = values[0];
  for (const value of values) {
    if (isNumeric(value) !== isNumeric(best)) throw failed(`${name}: the values must be of one type`);
    if (compareValues(value, best) * direction > 0) best = value;
  }
  return best;
}

function isNumeric(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

function sign(value: Numeric): number {
  return typeof value === "bigint" ? (value < 0n ? -1 : value > 0n ? 1 : 0) : Math.sign(value) + 0;
}

function floorMod(value: Numeric, divisor: Numeric): unknown {
  const remainder = exact("%", value, divisor) as Numeric;
  return typeof remainder === "number" ? numberMod(remainder, divisor as number) : remainder !== 0n && remainder < 0n !== BigInt(divisor) < 0n ? exact("+", remainder, divisor) : remainder;
}

function numberMod(remainder: number, divisor: number): number {
  return remainder !== 0 && remainder < 0 !== divisor < 0 ? remainder + divisor : remainder + 0;
}
