// The clauses MET-1 to MET-3 as checks.
import assert from "node:assert/strict";
import type { Metrics } from "../../contracts/environment.ts";
import { mustFail, SuiteBuilder, type ConformanceCase } from "./case.ts";

/** What the suite needs of metrics. */
export interface MetricsHarness {
  create(): Metrics;
}

/** Values that are no measurements, or hardly any. */
const oddities: readonly number[] = [NaN, -1, Infinity, -Infinity, -0, 5e-324];

/** Checks that metrics keep the promises of {@link Metrics}. */
export function metricsConformance(harness: MetricsHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => ({ metrics: harness.create(), end: async () => undefined }));

  suite.add(["MET-1", "the same name and labels give the same series, in any order of labels"], async ({ metrics }) => {
    metrics.counter("test_records_total", "Records.", { node: "a", pipeline: "p" }).add(2);
    metrics.counter("test_records_total", "Records.", { pipeline: "p", node: "a" }).add();
    assert.equal(metrics.counter("test_records_total", "Records.", { node: "a", pipeline: "p" }).value, 3);
    metrics.gauge("test_lag_ms", "Lag.").set(5);
    metrics.gauge("test_lag_ms", "Lag.").set(3);
    assert.equal(metrics.gauge("test_lag_ms", "Lag.").value, 3);
  });

  suite.add(["MET-1", "other labels give another series, whatever characters are in them"], async ({ metrics }) => {
    const labels = [{}, { a: "1" }, { a: "2" }, { b: "1" }, { a: "1", b: "1" }, { a: '1",b="1' }, { a: "1,b:1" }, { a: "" }, { a: "ä\n\\" }];
    for (const [index, one] of labels.entries()) metrics.gauge("test_lag_ms", "Lag.", one).set(index);
    assert.deepEqual(labels.map((one) => metrics.gauge("test_lag_ms", "Lag.", one).value), labels.map((_one, index) => index));
  });

  suite.add(["MET-2", "a name that is not snake_case is refused when the series is made"], async ({ metrics }) => {
    await mustFail("SF_CONFIG_INVALID", () => metrics.counter("testRecordsTotal", "Records."));
    await mustFail("SF_CONFIG_INVALID", () => metrics.gauge("test-lag-ms", "Lag."));
    await mustFail("SF_CONFIG_INVALID", () => metrics.histogram("", "Nothing."));
  });

  suite.add(["MET-3", "recording answers nothing to wait for, does not throw whatever the value, and a counter never shrinks"], async ({ metrics }) => {
    const counter = metrics.counter("test_records_total", "Records.");
    counter.add(7);
    const [gauge, histogram] = [metrics.gauge("test_lag_ms", "Lag."), metrics.histogram("test_duration_ms", "Duration.")];
    for (const oddity of oddities) {
      assert.equal(counter.add(oddity), undefined);
      assert.equal(gauge.set(oddity), undefined);
      assert.equal(histogram.record(oddity), undefined);
    }
    assert.ok(counter.value >= 7 && counter.value < 7.000_001, `a counter at 7 is at ${counter.value}`);
  });
  return suite.cases;
}
