import { describe, expect, it } from "vitest";
import { StreamFlowError } from "@streamflow/core";
import { ManualClock } from "@streamflow/core/testing";
import { MetricsCollector } from "./collector.ts";
import { HealthChecks, metricBelow } from "./health.ts";

describe("HealthChecks", () => {
  it("is ok without checks, and as bad as its worst check", async () => {
    const health = new HealthChecks({ clock: new ManualClock() });
    expect(await health.run()).toEqual({ status: "ok", reasons: [], checks: {} });
    health.add("a", () => ({ status: "degraded", reason: "slow" }));
    health.add("b", () => ({ status: "ok" }));
    const remove = health.add("c", async () => ({ status: "failed", reason: "gone" }));
    expect(await health.run()).toEqual({
      status: "failed",
      reasons: ["c: gone", "a: slow"],
      checks: { a: { status: "degraded", reason: "slow" }, b: { status: "ok" }, c: { status: "failed", reason: "gone" } },
    });
    remove();
    expect((await health.run()).status).toBe("degraded");
  });

  it("a check that throws has failed, with its code", async () => {
    const clock = new ManualClock();
    const health = new HealthChecks({ clock });
    health.add("disk", () => {
      throw new StreamFlowError("SF_DISK_FULL", "no space in data");
    });
    health.add("other", () => Promise.reject(new Error("boom")));
    expect((await health.run()).reasons).toEqual(["disk: SF_DISK_FULL: no space in data", "other: boom"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("a check that does not answer in time has failed, and is told to stop", async () => {
    const clock = new ManualClock();
    const health = new HealthChecks({ clock, timeoutMs: 250 });
    let stopped = false;
    health.add("hangs", (signal) => {
      signal.addEventListener("abort", () => (stopped = true));
      return new Promise(() => {});
    });
    const report = health.run();
    await clock.advanceAsync(249);
    expect(stopped).toBe(false);
    await clock.advanceAsync(1);
    expect((await report).reasons).toEqual(["hangs: no answer within 250 ms"]);
    expect(stopped).toBe(true);
  });

  it("refuses a name that is taken", () => {
    const health = new HealthChecks({ clock: new ManualClock() });
    health.add("a", () => ({ status: "ok" }));
    expect(() => health.add("a", () => ({ status: "ok" }))).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });
});

describe("metricBelow", () => {
  it("judges the worst series that carries the labels", async () => {
    const metrics = new MetricsCollector({ clock: new ManualClock() });
    const check = metricBelow(() => metrics.snapshot(), { name: "lag_ms", labels: { pipeline: "p" }, degradedAbove: 100, failedAbove: 1000 });
    const signal = new AbortController().signal;
    expect(await check(signal)).toEqual({ status: "ok" });
    metrics.gauge("lag_ms", "Lag.", { pipeline: "q" }).set(9999);
    metrics.gauge("lag_ms", "Lag.", { pipeline: "p", node: "a" }).set(100);
    expect(await check(signal)).toEqual({ status: "ok" });
    const gauge = metrics.gauge("lag_ms", "Lag.", { pipeline: "p", node: "b" });
    gauge.set(101);
    expect(await check(signal)).toEqual({ status: "degraded", reason: 'lag_ms{pipeline="p",node="b"} is 101, expected at most 100' });
    gauge.set(1001);
    expect(await check(signal)).toEqual({ status: "failed", reason: 'lag_ms{pipeline="p",node="b"} is 1001, expected at most 1000' });
  });
});
