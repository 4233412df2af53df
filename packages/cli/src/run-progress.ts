// What a run has done, from samples of its progress: rates, lag, time left.
import type { ExecutorProgress } from "@streamflow/core";
import { compact, grouped, spoken } from "./terminal.ts";

/** A sample with what follows from the ones before it. */
export interface ProgressReport extends ExecutorProgress {
  /** Records read per second since the last sample. */
  readonly ratePerSecond: number;
  /** Wall time minus the watermark; undefined without event time. */
  readonly lagMs: number | undefined;
  /** Time left at the pace so far; undefined where the input's size is unknown. */
  readonly remainingMs: number | undefined;
  readonly elapsedMs: number;
}

/** The time of a sample. */
export interface SampleTime {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/** Turns samples into reports. */
export class ProgressMeter {
  readonly #startMs: number;
  #lastMs: number;
  #lastRecords = 0;
  /** Where the size was first known: a resumed run does not start at 0. */
  #first: { readonly atMs: number; readonly fraction: number } | undefined;

  constructor(start: Pick<SampleTime, "monotonicMs">) {
    this.#startMs = start.monotonicMs;
    this.#lastMs = start.monotonicMs;
  }

  report(progress: ExecutorProgress, { nowMs, monotonicMs }: SampleTime): ProgressReport {
    const passedMs = monotonicMs - this.#lastMs;
    // A restart counts from 0 again.
    const records = progress.recordsIn >= this.#lastRecords ? progress.recordsIn - this.#lastRecords : progress.recordsIn;
    this.#lastMs = monotonicMs;
    this.#lastRecords = progress.recordsIn;
    const { watermarkMs } = progress;
    return {
      ...progress,
      ratePerSecond: passedMs > 0 ? (records * 1_000) / passedMs : 0,
      lagMs: watermarkMs === undefined || !Number.isFinite(watermarkMs) ? undefined : Math.max(0, nowMs - watermarkMs),
      remainingMs: this.#remaining(progress.fraction, monotonicMs),
      elapsedMs: monotonicMs - this.#startMs,
    };
  }

  #remaining(fraction: number | undefined, atMs: number): number | undefined {
    if (fraction === undefined) return undefined;
    if (this.#first === undefined || fraction < this.#first.fraction) this.#first = { atMs, fraction };
    const gained = fraction - this.#first.fraction;
    return gained > 0 ? ((atMs - this.#first.atMs) * (1 - fraction)) / gained : undefined;
  }
}

/** A report as one line, without a line break. */
export function progressLine(pipeline: string, report: ProgressReport): string {
  const { fraction, remainingMs, watermarkMs, lagMs, late, rejected } = report;
  const parts = [
    pipeline,
    fraction === undefined ? "" : `${Math.floor(fraction * 100)} %`,
    `${compact(report.ratePerSecond)} records/s`,
    `${grouped(report.recordsIn)} in`,
    `${grouped(report.recordsOut)} out`,
    watermarkMs === undefined || lagMs === undefined ? "" : `watermark ${timeOf(watermarkMs)} (lag ${spoken(lagMs)})`,
    `state ${grouped(report.stateEntries)}`,
    `checkpoint ${report.epoch}`,
    late === 0 ? "" : `late ${grouped(late)}`,
    rejected === 0 ? "" : `rejected ${grouped(rejected)}`,
    remainingMs === undefined ? "" : `ETA ${spoken(remainingMs)}`,
  ];
  return parts.filter((part) => part !== "").join("  ");
}

/** A time as text: ISO 8601 to the second; the number where it is no date. */
function timeOf(timeMs: number): string {
  return Math.abs(timeMs) > 8.64e15 ? String(timeMs) : `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}

/** A report as plain data: what is infinite or unknown is null. */
export function progressDocument(report: ProgressReport): Readonly<Record<string, number | null>> {
  const finite = (value: number | undefined): number | null => (value === undefined || !Number.isFinite(value) ? null : value);
  return {
    recordsIn: report.recordsIn,
    recordsOut: report.recordsOut,
    late: report.late,
    rejected: report.rejected,
    ratePerSecond: Math.round(report.ratePerSecond),
    watermarkMs: finite(report.watermarkMs),
    lagMs: finite(report.lagMs),
    stateEntries: report.stateEntries,
    epoch: report.epoch,
    lastCheckpointMs: finite(report.lastCheckpointMs),
    fraction: finite(report.fraction),
    remainingMs: finite(report.remainingMs),
    elapsedMs: Math.round(report.elapsedMs),
  };
}
