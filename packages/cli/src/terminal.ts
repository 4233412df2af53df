// What may be drawn where, and numbers for people.

/** A stream that text goes to, as far as drawing depends on it. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly writableLength?: number;
}

/** Codes of the colours that the command uses. */
const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** A way to set text off. */
export type Tint = keyof typeof codes;

/** Sets text off, or leaves it as it is. */
export type Paint = (text: string, tint: Tint) => string;

/**
 * How text is set off on a stream: on terminals alone, and not where the user asks for none.
 * @see https://no-color.org
 */
export function paintFor(stream: TextStream, options: { readonly color: boolean; readonly variables: Readonly<Record<string, string | undefined>> }): Paint {
  const { color, variables } = options;
  const isWelcome = color && stream.isTTY === true && variables["TERM"] !== "dumb" && (variables["NO_COLOR"] ?? "") === "";
  return isWelcome ? (text, tint) => `\u001b[${codes[tint]}m${text}\u001b[0m` : (text) => text;
}

/** Cuts plain text to a width, with an ellipsis. */
export function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}

/** An integer with thousands set off: `12,345`. */
export function grouped(value: number): string {
  // The first call of toLocaleString loads the rules of all languages, which takes as long as a small pipeline.
  return String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function threeDigits(value: number): string {
  return value < 100 ? value.toPrecision(3) : String(Math.round(value));
}

/** A rate in three digits: `950`, `12.3 k`, `4.56 M`. */
export function compact(value: number): string {
  if (value < 1_000) return String(Math.round(value));
  const [scaled, unit] = value < 1_000_000 ? [value / 1_000, "k"] : value < 1_000_000_000 ? [value / 1_000_000, "M"] : [value / 1_000_000_000, "G"];
  return `${threeDigits(scaled)} ${unit}`;
}

const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

/** A length of time in its two greatest units: `350ms`, `4.2s`, `3m 5s`, `12d 4h`. */
export function spoken(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  const at = units.findIndex(([, size]) => ms >= size);
  const [unit, size] = units[at] ?? ["s", 1_000];
  const [smaller, smallerSize] = units[at + 1] ?? ["s", 1_000];
  const rest = Math.floor((ms % size) / smallerSize);
  return `${Math.floor(ms / size)}${unit}${rest === 0 ? "" : ` ${rest}${smaller}`}`;
}

/** Bytes in binary units: `512 B`, `12.3 KiB`. */
export function bytes(count: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let at = 0;
  for (; value >= 1_024 && at < names.length - 1; at++) value /= 1_024;
  return `${at === 0 ? value : threeDigits(value)} ${names[at] ?? ""}`;
}

/** Columns side by side, each as wide as its widest cell; numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  const isNumeric = widths.map((_, at) => rows.slice(1).every((row) => /^[\d,.]*( [kMGTKi]*B?)?$/.test(row[at] ?? "")));
  return rows
    .map((row) => row.map((cell, at) => (isNumeric[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join("  ").trimEnd())
    .join("\n");
}
