// Exact decimal numbers: text in, text out, whole-number arithmetic between.

/** A decimal as a whole number of units of 10^−scale. */
export interface Unscaled {
  readonly units: bigint;
  readonly scale: number;
}

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const maxDigits = 400;

/** Reads a number in decimal or exponent form, exactly. Answers undefined for anything else, and beyond 400 digits. */
export function parseDecimal(text: string): Unscaled | undefined {
  if (text.length > maxDigits) return undefined;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(whole + fraction);
  const units = sign === "-" ? -digits : digits;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > maxDigits) return units === 0n ? { units: 0n, scale: 0 } : undefined;
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
}

/** Brings a number to a scale. Answers undefined where a digit other than 0 would be lost. */
export function rescale(value: Unscaled, scale: number): bigint | undefined {
  if (value.scale <= scale) return value.units * 10n ** BigInt(scale - value.scale);
  const divisor = 10n ** BigInt(value.scale - scale);
  return value.units % divisor === 0n ? value.units / divisor : undefined;
}

/** The canonical text: no exponent, exactly `scale` fraction digits, at least one digit before the point, never "-0". */
export function formatDecimal(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const sign = units < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The canonical text for a decimal type; undefined where the text is no number, or does not fit exactly. */
export function canonicalDecimal(text: string, precision: number, scale: number): string | undefined {
  const parsed = parseDecimal(text);
  const units = parsed === undefined ? undefined : rescale(parsed, scale);
  return units === undefined || !fitsPrecision(units, precision) ? undefined : formatDecimal(units, scale);
}

/** Whether a number has at most `precision` digits. */
export function fitsPrecision(units: bigint, precision: number): boolean {
  const limit = 10n ** BigInt(precision);
  return units < limit && units > -limit;
}

/** Orders two decimals in canonical form by value, whatever their scales. */
export function compareDecimals(a: string, b: string): number {
  if (a === b) return 0;
  const left = parseDecimal(a) ?? { units: 0n, scale: 0 };
  const right = parseDecimal(b) ?? { units: 0n, scale: 0 };
  const scale = Math.max(left.scale, right.scale);
  const difference = (rescale(left, scale) ?? 0n) - (rescale(right, scale) ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
