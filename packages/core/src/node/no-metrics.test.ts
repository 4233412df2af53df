import { expect, it } from "vitest";
import { noMetrics } from "./no-metrics.ts";

it("keeps nothing, and takes everything", () => {
  const metrics = noMetrics();
  const [counter, gauge] = [metrics.counter("things_total", "Things."), metrics.gauge("room_bytes", "Room.")];
  for (const value of [1, -1, NaN, Infinity]) {
    counter.add(value);
    gauge.set(value);
    metrics.histogram("wait_ms", "Waiting.").record(value);
  }
  expect([counter.value, gauge.value]).toEqual([0, 0]);
});
