// Is the process well? Named checks, and one answer with reasons.
import { type CancelTimer, type Clock, type Labels, StreamFlowError } from "@streamflow/core";
import { seriesOf, type MetricsSnapshot } from "./snapshot.ts";

/** `degraded`: it works, but somebody should look. `failed`: it does not do its job. */
export type HealthStatus = "ok" | "degraded" | "failed";

/** What a check answers. */
export interface HealthFinding {
  readonly status: HealthStatus;
  /** What was observed against what is expected; for people. Never holds secrets. */
  readonly reason?: string;
}

/** A check. It may wait; longer than the time limit counts as failed. */
export type HealthCheck = (signal: AbortSignal) => HealthFinding | Promise<HealthFinding>;

/** The answer of all checks. */
export interface HealthReport {
  /** The worst status of all checks; `ok` where there are none. */
  readonly status: HealthStatus;
  /** Everything that is not ok, as `name: reason`, the worst first. */
  readonly reasons: readonly string[];
  readonly checks: Readonly<Record<string, HealthFinding>>;
}

/** What health checks are made of. */
export interface HealthChecksOptions {
  readonly clock: Clock;
  /** How long one check may take. @defaultValue 5000 */
  readonly timeoutMs?: number;
}

const severity: Readonly<Record<HealthStatus, number>> = { ok: 0, degraded: 1, failed: 2 };

/** A set of named checks. */
export class HealthChecks {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #checks = new Map<string, HealthCheck>();

  constructor(options: HealthChecksOptions) {
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs ?? 5000;
  }

  /**
   * Adds a check. Answers the function that removes it again.
   * @throws {@link StreamFlowError} `SF_CONFIG_INVALID` when the name is taken.
   */
  add(name: string, check: HealthCheck): () => void {
    if (this.#checks.has(name)) throw new StreamFlowError("SF_CONFIG_INVALID", `a health check named "${name}" exists already`);
    this.#checks.set(name, check);
    return () => {
      if (this.#checks.get(name) === check) this.#checks.delete(name);
    };
  }

  /** Runs all checks at the same time. Never rejects: a check that throws or takes too long has failed. */
  async run(): Promise<HealthReport> {
    const names = [...this.#checks.keys()].sort();
    const findings = await Promise.all(names.map(async (name) => [name, await this.#runOne(name)] as const));
    const bad = findings.filter(([, finding]) => finding.status !== "ok").sort(([, a], [, b]) => severity[b.status] - severity[a.status]);
    return {
      status: bad[0]?.[1].status ?? "ok",
      reasons: bad.map(([name, finding]) => `${name}: ${finding.reason ?? finding.status}`),
      checks: Object.fromEntries(findings),
    };
  }

  async #runOne(name: string): Promise<HealthFinding> {
    const check = this.#checks.get(name);
    if (check === undefined) return { status: "ok" };
    const abort = new AbortController();
    let cancel: CancelTimer = () => {};
    const timeout = new Promise<HealthFinding>((resolve) => {
      cancel = this.#clock.setTimer(this.#timeoutMs, () => {
        abort.abort();
        resolve({ status: "failed", reason: `no answer within ${this.#timeoutMs} ms` });
      });
    });
    const answer = Promise.resolve(abort.signal).then(check).catch(failure);
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      cancel();
    }
  }
}

function failure(thrown: unknown): HealthFinding {
  if (StreamFlowError.is(thrown)) return { status: "failed", reason: `${thrown.code}: ${thrown.message}` };
  return { status: "failed", reason: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** Bounds of a metric's value. */
export interface MetricBound {
  /** Of a gauge or counter. */
  readonly name: string;
  /** Only series that carry all of these. @defaultValue all series */
  readonly labels?: Labels;
  /** A series above this is degraded. */
  readonly degradedAbove: number;
  /** A series above this has failed. @defaultValue never */
  readonly failedAbove?: number;
}

/** A check that looks at a metric: watermark lag, checkpoint age, state size. The worst series decides; no series at all is ok. */
export function metricBelow(read: () => MetricsSnapshot, bound: MetricBound): HealthCheck {
  const { name, labels = {}, degradedAbove, failedAbove = Infinity } = bound;
  return () => {
    let worst: { value: number; labels: Labels } | undefined;
    for (const series of seriesOf(read(), name, labels)) {
      if (worst === undefined || series.value > worst.value) worst = series;
    }
    if (worst === undefined || !(worst.value > degradedAbove)) return { status: "ok" };
    const failed = worst.value > failedAbove;
    const where = Object.entries(worst.labels).map(([label, value]) => `${label}="${value}"`);
    return {
      status: failed ? "failed" : "degraded",
      reason: `${name}{${where.join(",")}} is ${worst.value}, expected at most ${failed ? failedAbove : degradedAbove}`,
    };
  };
}
