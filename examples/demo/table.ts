// Tables and charts out of characters.
import { fit, tint, type Terminal } from "./terminal.ts";

/** A column of a table. */
export interface TableColumn {
  readonly title: string;
  /** @defaultValue left */
  readonly align?: "left" | "right";
}

/** Draws rows under titles. Where the terminal is too narrow, the widest column gives way. */
export function drawTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[], terminal: Terminal): string {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const gap = 2;
  let excess = widths.reduce((sum, width) => sum + width + gap, -gap) - terminal.width;
  while (excess > 0 && Math.max(...widths) > 1) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => pad(fit(cell, widths[i] ?? 0), widths[i] ?? 0, columns[i]?.align)).join(" ".repeat(gap)).trimEnd();
  const header = tint(line(columns.map(({ title }) => title)), "bold", terminal);
  const rule = tint(widths.map((width) => "─".repeat(width)).join(" ".repeat(gap)), "dim", terminal);
  return [header, rule, ...rows.map(line)].join("\n");
}

/** A bar of a chart. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands behind the bar. */
  readonly note: string;
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Draws horizontal bars from zero to the greatest value; a value below zero has no bar. */
export function drawBars(bars: readonly Bar[], terminal: Terminal): string {
  const labels = Math.max(0, ...bars.map(({ label }) => label.length));
  const notes = Math.max(0, ...bars.map(({ note }) => note.length));
  const room = Math.max(1, Math.min(60, terminal.width - labels - notes - 3));
  const greatest = Math.max(0, ...bars.map(({ value }) => value));
  return bars
    .map(({ label, value, note }) => {
      const length = greatest > 0 ? Math.round((Math.max(0, value) / greatest) * room * 8) : 0;
      const bar = "█".repeat(Math.floor(length / 8)) + (eighths[length % 8] ?? "");
      return `${label.padStart(labels)} ${tint(bar, heat(value / greatest), terminal)} ${note}`;
    })
    .join("\n");
}

const levels = "▁▂▃▄▅▆▇█";

/** Draws values as one line of small columns between the least and the greatest; where there are more than fit, each column is the mean of its share. */
export function sparkline(values: readonly number[], width: number): string {
  const count = Math.min(values.length, Math.max(1, width));
  const means = Array.from({ length: count }, (_, i) => {
    const share = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count));
    return share.reduce((sum, value) => sum + value, 0) / share.length;
  });
  const least = Math.min(...means);
  const span = Math.max(...means) - least;
  return means.map((value) => levels[span > 0 ? Math.min(7, Math.floor(((value - least) / span) * 8)) : 0]).join("");
}

function heat(share: number): "green" | "yellow" | "red" {
  if (share > 0.75) return "red";
  return share > 0.4 ? "yellow" : "green";
}

function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}
