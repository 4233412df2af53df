// The clauses MET-1 to MET-3 as checks.
import assert from "node:assert/strict";
import type { Metrics } from "../../contracts/environment.ts";
import { mustFail, SuiteBuilder, type ConformanceCase } from "./case.ts";

interface Trial {
  readonly metrics: Metrics;
  end(): Promise<void>;
}

/** Values that are no measurements. */
const oddities: readonly number[] = [Number.NaN, -1, Infinity, -Infinity];

/** Checks that metrics keep the promises of {@link Metrics}. Every case gets metrics of its own from `make`. */
export function metricsConformance(make: () => Metrics): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial>(async () => ({ metrics: make(), end: async () => undefined }));

  suite.add(["MET-1", "the same name and labels give the same series, in any order of labels"], async ({ metrics }) => {
    metrics.counter("test_records_total", "Records.", { node: "a", pipeline: "p" }).add(2);
    metrics.counter("test_records_total", "Records.", { pipeline: "p", node: "a" }).add();
    assert.equal(metrics.counter("test_records_total", "Records.", { node: "a", pipeline: "p" }).value, 3);
    metrics.gauge("test_lag_ms", "Lag.").set(5);
    assert.equal(metrics.gauge("test_lag_ms", "Lag.").value, 5);
  });

  suite.add(["MET-1", "other labels give another series, whatever characters are in them"], async ({ metrics }) => {
    const labels = [{}, { a: "1" }, { a: "2" }, { b: "1" }, { a: "1", b: "1" }, { a: '1",b="1' }, { a: "1,b:1" }, { a: "" }];
    for (const [index, one] of labels.entries()) metrics.gauge("test_lag_ms", "Lag.", one).set(index);
    assert.deepEqual(labels.map((one) => metrics.gauge("test_lag_ms", "Lag.", one).value), labels.map((_one, index) => index));
  });

  suite.add(["MET-2", "a name that is not snake_case is refused when the series is made"], async ({ metrics }) => {
    await mustFail("SF_CONFIG_INVALID", () => metrics.counter("testRecordsTotal", "Records."));
    await mustFail("SF_CONFIG_INVALID", () => metrics.gauge("test-lag-ms", "Lag."));
    await mustFail("SF_CONFIG_INVALID", () => metrics.histogram("", "Nothing."));
  });

  suite.add(["MET-3", "recording what is no measurement does not throw, and a counter never shrinks"], async ({ metrics }) => {
    const counter = metrics.counter("test_records_total", "Records.");
    counter.add(7);
    const [gauge, histogram] = [metrics.gauge("test_lag_ms", "Lag."), metrics.histogram("test_duration_ms", "Duration.")];
    for (const oddity of oddities) {
      counter.add(oddity);
      gauge.set(oddity);
      histogram.record(oddity);
    }
    assert.equal(counter.value, 7);
  });

  return suite.cases;
}
