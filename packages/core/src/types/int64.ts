// Exact 64-bit whole numbers.

/** The least int64, −2^63. */
export const minInt64: bigint = -(2n ** 63n);
/** The greatest int64, 2^63 − 1. */
export const maxInt64: bigint = 2n ** 63n - 1n;
const pattern = /^[+-]?\d{1,30}$/;

/** Whether a whole number fits 64 bits. */
export function fitsInt64(value: bigint): boolean {
  return value >= minInt64 && value <= maxInt64;
}

/** The exact int64 of a text or number; undefined where it is none, or where a number is too large to be exact. */
export function toInt64(value: string | number | bigint): bigint | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value === "string" && !pattern.test(value)) return undefined;
  const exact = typeof value === "string" ? BigInt(value.startsWith("+") ? value.slice(1) : value) : value;
  return fitsInt64(exact) ? exact : undefined;
}
