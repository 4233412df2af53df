// Bars, as SVG that reads the same on a light and a dark page.

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands behind it. */
  readonly text: string;
  /** StreamFlow's own. */
  readonly isOurs: boolean;
}

/** Bars that belong together. */
export interface BarGroup {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** Up to where bars should reach: a line. */
  readonly atMost?: number;
}

/** What is drawn. */
export interface Chart {
  readonly title: string;
  readonly groups: readonly BarGroup[];
  /** All groups have one unit, and so one scale; else each has its own. */
  readonly hasOneScale: boolean;
}

const width = 720;
const labelWidth = 170;
const valueWidth = 60;
const barHeight = 14;
const gap = 4;
const groupGap = 26;
const colors = { ours: "#0b6e99", other: "#b8c0c8", goal: "#b42318", text: "#1f2328", back: "#ffffff" };

/** A chart of horizontal bars. Groups without bars are left out. */
export function barChart({ title, groups, hasOneScale }: Chart): string {
  const shown = groups.filter(({ bars }) => bars.length > 0);
  const most = mostOf(shown);
  const parts: string[] = [text({ x: 12, y: 24, size: 15, weight: 600 }, title)];
  let y = 34;
  for (const group of shown) {
    y += groupGap;
    parts.push(text({ x: 12, y: y - 8, size: 12, weight: 600 }, group.title), ...groupParts(group, y, (width - labelWidth - valueWidth) / (hasOneScale ? most : mostOf([group]))));
    y += group.bars.length * (barHeight + gap);
  }
  const height = y + 14;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" fill="${colors.back}"/>
${parts.join("\n")}
</svg>
`;
}

function mostOf(groups: readonly BarGroup[]): number {
  return Math.max(Number.MIN_VALUE, ...groups.flatMap(({ bars, atMost }) => [...bars.map(({ value }) => value), atMost ?? 0]));
}

function groupParts({ bars, atMost }: BarGroup, top: number, perUnit: number): readonly string[] {
  const parts = bars.flatMap(({ label, value, text: said, isOurs }, i) => {
    const y = top + i * (barHeight + gap);
    // What is below nothing has no bar.
    const length = Math.max(0, value * perUnit);
    return [
      text({ x: labelWidth - 8, y: y + barHeight - 3, size: 11, anchor: "end" }, label),
      `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${isOurs ? colors.ours : colors.other}"/>`,
      text({ x: labelWidth + length + 6, y: y + barHeight - 3, size: 11 }, said),
    ];
  });
  if (atMost === undefined) return parts;
  const x = (labelWidth + atMost * perUnit).toFixed(1);
  return [...parts, `<line x1="${x}" y1="${top - 2}" x2="${x}" y2="${top + bars.length * (barHeight + gap)}" stroke="${colors.goal}" stroke-dasharray="3 2"/>`];
}

interface TextAt {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly weight?: number;
  readonly anchor?: "start" | "end";
}

function text({ x, y, size, weight = 400, anchor = "start" }: TextAt, content: string): string {
  return `<text x="${x.toFixed(1)}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${colors.text}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
