import { describe, expect, it } from "vitest";
import { registerConformance } from "./conformance/case.ts";
import { metricsConformance } from "./conformance/metrics.ts";
import { MemoryMetrics } from "./memory-metrics.ts";

describe("metrics in memory", () => {
  registerConformance(it, metricsConformance({ create: () => new MemoryMetrics() }));

  it("MET-2: refuses a name that is not snake_case with a unit, and one name of two kinds", () => {
    const metrics = new MemoryMetrics();
    for (const name of ["records", "recordsTotal", "Records_total", "records total"]) expect(() => metrics.counter(name, "")).toThrow(/snake_case/);
    metrics.counter("records_total", "");
    expect(() => metrics.gauge("records_total", "")).toThrow(/is a counter, not a gauge/);
  });

  it("answers values by name and labels", () => {
    const metrics = new MemoryMetrics();
    metrics.counter("records_total", "", { node: "a" }).add(3);
    metrics.histogram("wait_ms", "").record(5);
    metrics.histogram("wait_ms", "").record(2);
    expect([metrics.value("records_total", { node: "a" }), metrics.value("records_total")]).toEqual([3, undefined]);
    expect(metrics.values("wait_ms")).toEqual([5, 2]);
    expect(metrics.names()).toEqual(['records_total{node="a"}', "wait_ms"]);
  });
});
