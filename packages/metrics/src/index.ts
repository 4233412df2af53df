// Named exports only.
export { MetricsCollector } from "./collector.ts";
export type { MetricsCollectorOptions } from "./collector.ts";
export { SketchHistogram } from "./histogram.ts";
export type { SketchOptions, SketchSnapshot } from "./histogram.ts";
export { ratePerSecond, seriesOf, totalOf } from "./snapshot.ts";
export type { MetricFamily, MetricKind, MetricsSnapshot, RateQuery, SeriesSnapshot } from "./snapshot.ts";
export { HealthChecks, metricBelow } from "./health.ts";
export type { HealthCheck, HealthChecksOptions, HealthFinding, HealthReport, HealthStatus, MetricBound } from "./health.ts";
export { prometheusRegistry } from "./exporters/prometheus.ts";
export type { PrometheusOptions } from "./exporters/prometheus.ts";
