// Metrics that nobody reads.
import type { Counter, Gauge, Histogram, Metrics } from "../contracts/environment.ts";

const counter: Counter = { add: () => undefined, value: 0 };
const gauge: Gauge = { set: () => undefined, value: 0 };
const histogram: Histogram = { record: () => undefined };

/** Makes metrics that keep nothing: every series reads 0. */
export function noMetrics(): Metrics {
  return { counter: () => counter, gauge: () => gauge, histogram: () => histogram };
}
