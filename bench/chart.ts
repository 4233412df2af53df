// Bars, as SVG that reads the same on a light and a dark page.
import type { Row } from "./report.ts";

const width = 720;
const labelWidth = 170;
const valueWidth = 60;
const barHeight = 14;
const gap = 4;
const groupGap = 26;
const colors = { ours: "#0b6e99", other: "#b8c0c8", text: "#1f2328", back: "#ffffff" };

/** Records per CPU-second of every row that counts, a group for each variant. */
export function barChart(title: string, rows: readonly Row[]): string {
  const counted = rows.filter((row) => !row.void);
  const most = Math.max(...counted.map((row) => row.recordsPerCpuSecond));
  const parts: string[] = [text({ x: 12, y: 24, size: 15, weight: 600 }, title)];
  let y = 34;
  for (const variant of new Set(counted.map((row) => row.variant))) {
    y += groupGap;
    parts.push(text({ x: 12, y: y - 8, size: 12, weight: 600 }, variant));
    for (const row of counted.filter((one) => one.variant === variant)) {
      const length = (row.recordsPerCpuSecond / most) * (width - labelWidth - valueWidth);
      const fill = row.system.startsWith("streamflow") ? colors.ours : colors.other;
      parts.push(
        text({ x: labelWidth - 8, y: y + barHeight - 3, size: 11, anchor: "end" }, row.system),
        `<rect x="${labelWidth}" y="${y}" width="${length.toFixed(1)}" height="${barHeight}" fill="${fill}"/>`,
        text({ x: labelWidth + length + 6, y: y + barHeight - 3, size: 11 }, (row.recordsPerCpuSecond / 1e6).toFixed(2)),
      );
      y += barHeight + gap;
    }
  }
  const height = y + 14;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" fill="${colors.back}"/>
${parts.join("\n")}
</svg>
`;
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
