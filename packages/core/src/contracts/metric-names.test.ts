import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { metricNames, type MetricName } from "./metric-names.ts";

const table: Readonly<Record<string, MetricName>> = metricNames;
const rows = Object.values(table);

it("MET-2: names are snake_case with a unit; counters alone end in _total", () => {
  for (const { name, kind } of rows) {
    expect(name).toMatch(/^streamflow(_[a-z]+)+$/);
    expect(name).toMatch(/_(total|ms|bytes)$/);
    expect(name.endsWith("_total")).toBe(kind === "counter");
  }
  expect(new Set(rows.map((row) => row.name)).size).toBe(rows.length);
});

it("docs/metrics.md holds the same table", () => {
  const page = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");
  const documented = [...page.matchAll(/^\| `(streamflow_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$/gm)].map(([, name, kind, labels, help]) => ({ name, kind, help, labels }));
  expect(documented).toEqual(rows.map((row) => ({ name: row.name, kind: row.kind, help: row.help, labels: row.labels.map((label) => `\`${label}\``).join(", ") })));
});
