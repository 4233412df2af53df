// The series behind a collector: what the hot path touches.
import type { Counter, Gauge, Histogram, Labels } from "@streamflow/core";
import { SketchHistogram } from "./histogram.ts";

/** Counts values that were no measurements (NaN, infinities, a negative amount), over all series of a collector. */
export class InvalidValues {
  count = 0;
}

/** A number that only grows; what is not a finite amount of at least 0 is left out. */
export class CounterSeries implements Counter {
  readonly labels: Labels;
  readonly #invalid: InvalidValues;
  #value = 0;

  constructor(labels: Labels, invalid: InvalidValues) {
    this.labels = labels;
    this.#invalid = invalid;
  }

  get value(): number {
    return this.#value;
  }

  add(amount: number = 1): void {
    if (amount >= 0 && amount < Infinity) this.#value += amount;
    else this.#invalid.count++;
  }
}

/** The last number that was set; NaN is left out (infinities say "none yet"). */
export class GaugeSeries implements Gauge {
  readonly labels: Labels;
  readonly #invalid: InvalidValues;
  #value = 0;

  constructor(labels: Labels, invalid: InvalidValues) {
    this.labels = labels;
    this.#invalid = invalid;
  }

  get value(): number {
    return this.#value;
  }

  set(value: number): void {
    if (typeof value === "number" && !Number.isNaN(value)) this.#value = value;
    else this.#invalid.count++;
  }
}

/** A distribution, kept in a sketch. */
export class HistogramSeries implements Histogram {
  readonly labels: Labels;
  readonly sketch: SketchHistogram = new SketchHistogram();
  readonly #invalid: InvalidValues;

  constructor(labels: Labels, invalid: InvalidValues) {
    this.labels = labels;
    this.#invalid = invalid;
  }

  record(value: number): void {
    if (!this.sketch.record(value)) this.#invalid.count++;
  }
}

/** One series of a name, by kind. */
export type Series = CounterSeries | GaugeSeries | HistogramSeries;
