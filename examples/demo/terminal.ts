// What may be drawn where: colours, widths, and numbers for people.

/** A place to draw on, as far as drawing depends on it. */
export interface Terminal {
  /** Columns. */
  readonly width: number;
  /** Whether escape sequences for colour are welcome. */
  readonly color: boolean;
  /** Whether a line can be drawn over. */
  readonly live: boolean;
}

/** A stream as `process.stdout` is one. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const defaultWidth = 80;

/**
 * Finds out what a stream can show.
 *
 * @see https://no-color.org
 */
export function terminalOf(stream: TerminalStream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const live = stream.isTTY === true && env["TERM"] !== "dumb";
  const noColor = (env["NO_COLOR"] ?? "") !== "";
  const columns = stream.columns ?? 0;
  return { live, color: live && !noColor, width: columns > 0 ? columns : defaultWidth };
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** A way to set text off. */
export type Tint = keyof typeof codes;

/** `text`, tinted where the terminal shows colours. */
export function tint(text: string, name: Tint, { color }: Pick<Terminal, "color">): string {
  return color ? `\u001b[${codes[name]}m${text}\u001b[0m` : text;
}

/** Cuts plain text to a width, with an ellipsis. */
export function fit(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}

/** An integer with thousands set off. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
