// Durations as people write them.
import { StreamFlowError } from "@streamflow/core";

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

const whole = /^-?(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/;
const part = /(\d+(?:\.\d+)?)(ms|[dhms])/g;
const hint = "durations look like 250ms, 30s, 5m, 1h30m or 7d";

/**
 * Reads a duration such as `30s` or `1h30m`; answers milliseconds, a whole number.
 * Units are d, h, m, s and ms, from large to small, each at most once. A minus sign in front is understood, so that the caller can refuse it by its bounds.
 *
 * @throws {@link StreamFlowError} `SF_CONFIG_INVALID` for anything else, and for what is no whole number of milliseconds or beyond 2⁵³ of them.
 * @example
 * ```ts
 * import { parseDuration } from "@streamflow/config";
 *
 * parseDuration("1h30m"); // => 5400000
 * ```
 */
export function parseDuration(text: string): number {
  if (text.length > 64 || !whole.test(text)) throw refuse(text);
  let totalMs = 0;
  let previous = -1;
  for (const [, amount, unit] of text.matchAll(part)) {
    const index = units.findIndex(([name]) => name === unit);
    if (index <= previous) throw refuse(text);
    previous = index;
    totalMs += Number(amount) * (units[index]?.[1] ?? 0);
  }
  // Decimal fractions such as 0.1s are not exact in binary: what is nearly whole is whole.
  const rounded = Math.round(totalMs);
  if (Math.abs(rounded - totalMs) > 1e-6 || !Number.isSafeInteger(rounded)) throw refuse(text);
  return text.startsWith("-") && rounded !== 0 ? -rounded : rounded;
}

/** Writes whole milliseconds as `parseDuration` reads them, in the largest units that fit: 5_400_000 is `1h30m`. */
export function formatDuration(durationMs: number): string {
  let rest = Math.abs(durationMs);
  let text = "";
  for (const [name, sizeMs] of units) {
    const amount = Math.floor(rest / sizeMs);
    if (amount === 0) continue;
    text += `${amount}${name}`;
    rest -= amount * sizeMs;
  }
  if (text === "") return "0ms";
  return durationMs < 0 ? `-${text}` : text;
}

function refuse(text: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `expected a duration, got ${JSON.stringify(text.slice(0, 64))}`, { hint });
}
