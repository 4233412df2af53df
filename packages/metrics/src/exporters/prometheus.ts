// The Prometheus text formats, through prom-client.
import { createRequire } from "node:module";
import type { Registry } from "prom-client";
import type { Labels } from "@streamflow/core";
import type { MetricsCollector } from "../collector.ts";
import { SketchHistogram } from "../histogram.ts";
import type { MetricFamily, MetricKind, SeriesSnapshot } from "../snapshot.ts";

/** How histograms are written. */
export interface PrometheusOptions {
  /** Quantiles of a summary, each in [0, 1]. @defaultValue `[0.5, 0.9, 0.95, 0.99, 0.999]` */
  readonly quantiles?: readonly number[];
  /**
   * Upper bounds, ascending. Where given, histograms are written as Prometheus histograms, which a server can add up over hosts,
   * with counts that are exact but for values within 1 % of a bound; else as summaries, whose quantiles are within 1 %.
   */
  readonly buckets?: readonly number[];
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

// It brings Node's HTTP and cluster modules, which take longer to load than a small job to run: only programs that are scraped pay for it.
const load = createRequire(import.meta.url);
const promClient = (): typeof import("prom-client") => load("prom-client") as typeof import("prom-client");

const defaultQuantiles = [0.5, 0.9, 0.95, 0.99, 0.999];

/**
 * A prom-client registry that reads a collector whenever it is scraped.
 *
 * It takes further prom-client metrics (of the process, or of your own) as any registry does. `metrics()` gives the text,
 * `contentType` its header.
 *
 * @example
 * ```ts
 * import type { MetricsCollector } from "@streamflow/metrics";
 * import { prometheusRegistry } from "@streamflow/metrics";
 *
 * export async function scrape(collector: MetricsCollector): Promise<string> {
 *   return prometheusRegistry(collector).metrics();
 * }
 * ```
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function prometheusRegistry(collector: MetricsCollector, options: PrometheusOptions = {}): Registry {
  const registry = new (promClient().Registry)();
  const added = registry.getMetricsAsArray.bind(registry);
  registry.getMetricsAsArray = () => {
    const families = collector.snapshot().families.map((family) => new CollectedMetric(family, options));
    // prom-client's types say that `type` is a number; its code, and the text format, want the word.
    return [...added(), ...(families as unknown as ReturnType<Registry["getMetricsAsArray"]>)];
  };
  return registry;
}

/** What prom-client's registry asks of a metric. */
class CollectedMetric {
  /** Not readonly: for OpenMetrics the registry takes the `_total` of a counter off, and puts it back on each line. */
  name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator = "sum";
  readonly #family: MetricFamily;
  readonly #options: PrometheusOptions;

  constructor(family: MetricFamily, options: PrometheusOptions) {
    this.name = family.name;
    this.help = family.help;
    this.type = family.kind === "histogram" && options.buckets === undefined ? "summary" : family.kind;
    this.#family = family;
    this.#options = options;
  }

  async get(): Promise<{ name: string; help: string; type: string; aggregator: string; values: readonly Sample[] }> {
    const values = this.#family.series.flatMap((series) => this.#samples(this.#family.kind, series));
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }

  #samples(kind: MetricKind, series: SeriesSnapshot): readonly Sample[] {
    if (kind !== "histogram" || series.sketch === undefined) return [{ metricName: this.name, labels: series.labels, value: series.value }];
    const sketch = SketchHistogram.from(series.sketch);
    const { labels } = series;
    return [
      ...(this.#options.buckets === undefined ? this.#quantiles(sketch, labels) : this.#buckets(sketch, labels)),
      { metricName: `${this.name}_sum`, labels, value: sketch.sum },
      { metricName: `${this.name}_count`, labels, value: sketch.count },
    ];
  }

  #quantiles(sketch: SketchHistogram, labels: Labels): readonly Sample[] {
    const { quantiles = defaultQuantiles } = this.#options;
    return quantiles.map((quantile) => ({ metricName: this.name, labels: { ...labels, quantile }, value: sketch.count === 0 ? Number.NaN : sketch.quantile(quantile) }));
  }

  #buckets(sketch: SketchHistogram, labels: Labels): readonly Sample[] {
    const bounds = [...(this.#options.buckets ?? []), Infinity];
    return bounds.map((bound) => ({ metricName: `${this.name}_bucket`, labels: { ...labels, le: bound === Infinity ? "+Inf" : bound }, value: sketch.countUpTo(bound) }));
  }
}
