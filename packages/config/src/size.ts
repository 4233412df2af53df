// Sizes in bytes as people write them.
import { StreamFlowError } from "@streamflow/core";

const units: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const pattern = /^(-?\d+(?:\.\d+)?) ?([kKMGT]i?B|B)?$/;
const hint = "sizes look like 4096, 64KiB, 10MB or 1.5GiB";

/**
 * Reads a size such as `64MiB`; answers bytes, a whole number. kB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB powers of 1024.
 *
 * @throws {@link StreamFlowError} `SF_CONFIG_INVALID` for anything else, and for what is no whole number of bytes or beyond 2⁵³ of them.
 * @example
 * ```ts
 * import { parseSize } from "@streamflow/config";
 *
 * parseSize("64MiB"); // => 67108864
 * ```
 */
export function parseSize(text: string): number {
  const match = text.length > 64 ? null : pattern.exec(text);
  const scale = units[match?.[2] ?? ""];
  if (match === null || scale === undefined) throw refuse(text);
  const bytes = Number(match[1]) * scale;
  const rounded = Math.round(bytes);
  if (Math.abs(rounded - bytes) > 1e-6 || !Number.isSafeInteger(rounded)) throw refuse(text);
  return rounded;
}

/** Writes bytes as `parseSize` reads them, in the largest binary unit that leaves a whole number: 65_536 is `64KiB`. */
export function formatSize(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const scale = units[unit] ?? 1;
    if (bytes !== 0 && bytes % scale === 0) return `${bytes / scale}${unit}`;
  }
  return `${bytes}B`;
}

function refuse(text: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `expected a size, got ${JSON.stringify(text.slice(0, 64))}`, { hint });
}
