import { describe, expect, it } from "vitest";
import { ManualClock, metricsConformance, recordingLogger, registerConformance } from "@streamflow/core/testing";
import { MetricsCollector } from "./collector.ts";
import { SketchHistogram } from "./histogram.ts";
import { seriesOf, totalOf } from "./snapshot.ts";

const clock = new ManualClock();

describe("MetricsCollector", () => {
  registerConformance(it, metricsConformance({ create: () => new MetricsCollector({ clock }) }));

  it("MET-1: the same name and labels give the same series, in any order of labels", () => {
    const metrics = new MetricsCollector({ clock });
    metrics.counter("a_total", "A.", { x: "1", y: "2" }).add(3);
    metrics.counter("a_total", "A.", { y: "2", x: "1" }).add();
    expect(metrics.counter("a_total", "A.", { x: "1", y: "2" }).value).toBe(4);
    expect(metrics.counter("a_total", "A.", { x: "1", y: "3" }).value).toBe(0);
    expect(metrics.counter("a_total", "A.", { x: '1",["y"', y: "2" }).value).toBe(0);
  });

  it("series of several names that were asked for with the same labels are told apart, whatever becomes of the caller's labels", () => {
    const collector = new MetricsCollector({ clock });
    const labels: Record<string, string> = { pipeline: "p" };
    collector.gauge("a", "", labels).set(1);
    collector.gauge("b", "", labels).set(2);
    labels["pipeline"] = "q";
    collector.gauge("a", "", labels).set(3);
    collector.gauge("b", "", { pipeline: "p" }).set(4);
    expect(collector.snapshot().families.map(({ name, series }) => [name, ...series.map(({ labels: { pipeline }, value }) => [pipeline, value])])).toEqual([
      ["a", ["p", 1], ["q", 3]],
      ["b", ["p", 4]],
    ]);
  });

  it("MET-3: recording what is no measurement never throws; it is left out and counted", () => {
    const metrics = new MetricsCollector({ clock });
    const counter = metrics.counter("a_total", "A.");
    const gauge = metrics.gauge("b_ms", "B.");
    const histogram = metrics.histogram("c_ms", "C.");
    for (const amount of [-1, Number.NaN, Infinity]) counter.add(amount);
    gauge.set(7);
    gauge.set(Number.NaN);
    histogram.record(-5);
    expect(counter.value).toBe(0);
    expect(gauge.value).toBe(7);
    expect(totalOf(metrics.snapshot(), "streamflow_metrics_invalid_total")).toBe(5);
  });

  it("holds negative and infinite gauges", () => {
    const gauge = new MetricsCollector({ clock }).gauge("b_ms", "B.");
    gauge.set(-Infinity);
    expect(gauge.value).toBe(-Infinity);
  });

  it("I2: further series than allowed share one, so that sums stay right; the log says so once per name", () => {
    const logger = recordingLogger();
    const metrics = new MetricsCollector({ clock, logger, maxSeriesPerName: 2 });
    for (let i = 0; i < 10; i++) metrics.counter("a_total", "A.", { key: String(i) }).add();
    metrics.counter("a_total", "A.", { key: "1" }).add();
    expect(seriesOf(metrics.snapshot(), "a_total").map((series) => [series.labels, series.value])).toEqual([
      [{ key: "0" }, 1],
      [{ key: "1" }, 2],
      [{ overflow: "true" }, 8],
    ]);
    expect(totalOf(metrics.snapshot(), "a_total")).toBe(11);
    expect(logger.lines).toEqual([{ level: "warn", message: "a metric has too many series; further ones share one series", fields: { metric: "a_total", maxSeriesPerName: 2 } }]);
  });

  it("snapshots are plain data that later recording does not change", () => {
    const metrics = new MetricsCollector({ clock });
    const histogram = metrics.histogram("c_ms", "C.", { node: "n" });
    for (let i = 1; i <= 1000; i++) histogram.record(i);
    const snapshot = metrics.snapshot();
    const text = JSON.stringify(snapshot);
    histogram.record(5);
    expect(JSON.stringify(snapshot)).toBe(text);
    const [series] = seriesOf(JSON.parse(text), "c_ms", { node: "n" });
    expect(snapshot.atMs).toBe(clock.monotonicMs());
    expect(series?.value).toBe(500_500);
    expect(series?.sketch === undefined ? 0 : SketchHistogram.from(series.sketch).quantile(0.5)).toBeCloseTo(500, -1);
  });

  it("forgets the series of what was removed", () => {
    const metrics = new MetricsCollector({ clock });
    metrics.counter("a_total", "A.", { pipeline: "p", node: "1" }).add();
    metrics.counter("a_total", "A.", { pipeline: "q", node: "1" }).add();
    metrics.gauge("b_ms", "B.", { pipeline: "p" }).set(1);
    expect(metrics.forget({ pipeline: "p" })).toBe(2);
    expect(metrics.snapshot().families.map((family) => [family.name, family.series.length])).toEqual([["a_total", 1]]);
    expect(metrics.counter("a_total", "A.", { pipeline: "p", node: "1" }).value).toBe(0);
  });

  it("MET-2: refuses malformed names and labels, and a name of two kinds", () => {
    const metrics = new MetricsCollector({ clock });
    metrics.gauge("b_ms", "B.");
    const refused = expect.objectContaining({ code: "SF_CONFIG_INVALID" });
    expect(() => metrics.histogram("b_ms", "B.")).toThrow(refused);
    expect(() => metrics.counter("requests", "R.")).toThrow(refused);
    expect(() => metrics.gauge("b_total", "B.")).toThrow(refused);
    expect(() => metrics.gauge("camelCase", "B.")).toThrow(refused);
    expect(() => metrics.gauge("c_ms", "C.", { "a-b": "1" })).toThrow(refused);
    expect(() => new MetricsCollector({ clock, maxSeriesPerName: 0 })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });
});
