// The public API of @streamflow/metrics. Written by pnpm api:update.

export type HealthCheck = (signal: AbortSignal) => HealthFinding | Promise<HealthFinding>;

export declare class HealthChecks {
    #private;
    constructor(options: HealthChecksOptions);
    add(name: string, check: HealthCheck): () => void;
    run(): Promise<HealthReport>;
}

export interface HealthChecksOptions {
    readonly clock: Clock;
    readonly timeoutMs?: number;
}

export interface HealthFinding {
    readonly status: HealthStatus;
    readonly reason?: string;
}

export interface HealthReport {
    readonly status: HealthStatus;
    readonly reasons: readonly string[];
    readonly checks: Readonly<Record<string, HealthFinding>>;
}

export type HealthStatus = "ok" | "degraded" | "failed";

export interface MetricBound {
    readonly name: string;
    readonly labels?: Labels;
    readonly degradedAbove: number;
    readonly failedAbove?: number;
}

export interface MetricFamily {
    readonly name: string;
    readonly kind: MetricKind;
    readonly help: string;
    readonly series: readonly SeriesSnapshot[];
}

export type MetricKind = "counter" | "gauge" | "histogram";

export declare class MetricsCollector implements Metrics {
    #private;
    constructor(options: MetricsCollectorOptions);
    counter(name: string, help: string, labels?: Labels): Counter;
    gauge(name: string, help: string, labels?: Labels): Gauge;
    histogram(name: string, help: string, labels?: Labels): Histogram;
    forget(labels: Labels): number;
    snapshot(): MetricsSnapshot;
}

export interface MetricsCollectorOptions {
    readonly clock: Clock;
    readonly logger?: Logger;
    readonly maxSeriesPerName?: number;
}

export interface MetricsSnapshot {
    readonly atMs: number;
    readonly families: readonly MetricFamily[];
}

export interface PrometheusOptions {
    readonly quantiles?: readonly number[];
    readonly buckets?: readonly number[];
}

export interface RateQuery {
    readonly before: MetricsSnapshot;
    readonly after: MetricsSnapshot;
    readonly name: string;
    readonly labels?: Labels;
}

export interface SeriesSnapshot {
    readonly labels: Labels;
    readonly value: number;
    readonly sketch?: SketchSnapshot;
}

export declare class SketchHistogram implements Histogram {
    #private;
    constructor(options?: SketchOptions);
    get relativeAccuracy(): number;
    get maxBuckets(): number;
    get count(): number;
    get sum(): number;
    get min(): number;
    get max(): number;
    record(value: number): boolean;
    quantile(q: number): number;
    countUpTo(bound: number): number;
    merge(other: SketchHistogram | SketchSnapshot): void;
    snapshot(): SketchSnapshot;
    static from(snapshot: SketchSnapshot, options?: {
        readonly maxBuckets?: number;
    }): SketchHistogram;
}

export interface SketchOptions {
    readonly relativeAccuracy?: number;
    readonly maxBuckets?: number;
}

export interface SketchSnapshot {
    readonly relativeAccuracy: number;
    readonly count: number;
    readonly sum: number;
    readonly min: number;
    readonly max: number;
    readonly zeros: number;
    readonly firstBucket: number;
    readonly buckets: readonly number[];
}

export declare function metricBelow(read: () => MetricsSnapshot, bound: MetricBound): HealthCheck;

export declare function prometheusRegistry(collector: MetricsCollector, options?: PrometheusOptions): Registry;

export declare function ratePerSecond(query: RateQuery): number | undefined;

export declare function seriesOf(snapshot: MetricsSnapshot, name: string, labels?: Labels): readonly SeriesSnapshot[];

export declare function totalOf(snapshot: MetricsSnapshot, name: string, labels?: Labels): number;
