// Names that nobody else has.
import type { Random } from "@streamflow/core";

/** 32 hexadecimal digits by chance. */
export function uniqueName(random: Random): string {
  const digit = (): string => Math.floor(random.next() * 16).toString(16);
  return Array.from({ length: 32 }, digit).join("");
}
