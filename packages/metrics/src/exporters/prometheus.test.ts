import { Gauge } from "prom-client";
import { describe, expect, it } from "vitest";
import { ManualClock } from "@streamflow/core/testing";
import { MetricsCollector } from "../collector.ts";
import { prometheusRegistry } from "./prometheus.ts";

const clock = new ManualClock();

function filled(): MetricsCollector {
  const metrics = new MetricsCollector({ clock });
  metrics.counter("streamflow_records_in_total", "Records that a node has received.", { pipeline: "p", node: 'say "hi"\n' }).add(3);
  metrics.gauge("streamflow_watermark_lag_ms", "Lag.", { pipeline: "p" }).set(-1.5);
  const duration = metrics.histogram("streamflow_checkpoint_duration_ms", "Duration.", { pipeline: "p" });
  for (const value of [1, 2, 3, 4]) duration.record(value);
  return metrics;
}

describe("prometheusRegistry", () => {
  it("writes counters, gauges and summaries as text", async () => {
    const text = await prometheusRegistry(filled(), { quantiles: [0, 0.5, 1] }).metrics();
    const [counter = "", gauge = "", summary = ""] = text.trimEnd().split("\n\n");
    expect(counter).toBe(
      `# HELP streamflow_records_in_total Records that a node has received.\n# TYPE streamflow_records_in_total counter\nstreamflow_records_in_total{pipeline="p",node="say \\"hi\\"\\n"} 3`,
    );
    expect(gauge).toBe(`# HELP streamflow_watermark_lag_ms Lag.\n# TYPE streamflow_watermark_lag_ms gauge\nstreamflow_watermark_lag_ms{pipeline="p"} -1.5`);
    const [, type, lowest, median, highest, sum, count] = summary.split("\n");
    expect(type).toBe("# TYPE streamflow_checkpoint_duration_ms summary");
    expect(lowest).toBe('streamflow_checkpoint_duration_ms{pipeline="p",quantile="0"} 1');
    expect(Number(median?.split(" ").at(-1))).toBeCloseTo(2, 1);
    expect(median).toMatch(/^streamflow_checkpoint_duration_ms\{pipeline="p",quantile="0.5"\} /);
    expect(highest?.endsWith(" 4") || Math.abs(Number(highest?.split(" ").at(-1)) - 4) <= 0.04).toBe(true);
    expect(sum).toBe('streamflow_checkpoint_duration_ms_sum{pipeline="p"} 10');
    expect(count).toBe('streamflow_checkpoint_duration_ms_count{pipeline="p"} 4');
  });

  it("writes histograms with cumulative buckets where bounds are given", async () => {
    const text = await prometheusRegistry(filled(), { buckets: [0.5, 2.5, 100] }).metrics();
    expect(text).toContain("# TYPE streamflow_checkpoint_duration_ms histogram\n");
    expect(text).toContain(
      ["0.5", "2.5", "100", "+Inf"].map((le, i) => `streamflow_checkpoint_duration_ms_bucket{pipeline="p",le="${le}"} ${[0, 2, 4, 4][i]}`).join("\n"),
    );
  });

  it("reads the collector anew at every scrape, and writes further metrics of its own", async () => {
    const metrics = filled();
    const registry = prometheusRegistry(metrics);
    new Gauge({ name: "mine", help: "Mine.", registers: [registry] }).set(5);
    expect(await registry.metrics()).not.toContain("later_total");
    metrics.counter("later_total", "Later.").add(2);
    const text = await registry.metrics();
    expect(text).toContain("\nlater_total 2\n");
    expect(text).toContain("\nmine 5\n");
  });

  it("writes OpenMetrics when the registry is told to", async () => {
    const registry = prometheusRegistry(filled());
    registry.setContentType("application/openmetrics-text; version=1.0.0; charset=utf-8" as never);
    const text = await registry.metrics();
    expect(text).toContain("# TYPE streamflow_records_in counter\nstreamflow_records_in_total{");
    expect(text.endsWith("# EOF\n")).toBe(true);
  });

  it("gives the same as JSON", async () => {
    const json = await prometheusRegistry(filled()).getMetricsAsJSON();
    expect(json.find((metric) => metric.name === "streamflow_records_in_total")?.values[0]?.value).toBe(3);
  });
});
