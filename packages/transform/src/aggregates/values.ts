// What aggregates agree on about their input values.
import { StreamFlowError } from "@streamflow/core";

/** Aggregates leave out null and missing values. */
export function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** @throws {@link StreamFlowError} SF_TYPE_MISMATCH for anything but a number, a bigint, null and undefined. */
export function numericOrMissing(value: unknown, what: string): number | bigint | null {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (isMissing(value)) return null;
  throw new StreamFlowError("SF_TYPE_MISMATCH", `${what} needs numbers, got ${typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : typeof value}`);
}
