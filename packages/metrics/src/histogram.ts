// A mergeable histogram whose quantiles have a bounded relative error.
//
// I1. Every value is counted once: `count` = zeros + the sum of all buckets.
// I2. A quantile is within `relativeAccuracy` of the true value, as long as that lies in the `maxBuckets` highest buckets.
// I3. Merging the sketches of parts gives the buckets of the whole, in any order, also where buckets were collapsed.
// Not done: negative values (durations and sizes have none).
import { type Histogram, StreamFlowError } from "@streamflow/core";

/** What a sketch holds, as plain data: what is sent, stored and merged. */
export interface SketchSnapshot {
  readonly relativeAccuracy: number;
  readonly count: number;
  readonly sum: number;
  /** 0 where the sketch is empty. */
  readonly min: number;
  readonly max: number;
  /** How many values were exactly 0. */
  readonly zeros: number;
  /** Bucket `firstBucket + i` holds `buckets[i]` values. */
  readonly firstBucket: number;
  readonly buckets: readonly number[];
}

/** Options of a sketch. */
export interface SketchOptions {
  /** Bound of a quantile's relative error, in (0, 1). @defaultValue 0.01 */
  readonly relativeAccuracy?: number;
  /** Buckets kept, the highest ones; with the default accuracy 2,048 span a factor of 6e17. @defaultValue 2048 */
  readonly maxBuckets?: number;
}

/** Thousands of sketches hold a value or two. */
const firstCapacity = 8;
/** Never written to: it has no slots. */
const none: number[] = [];

/** How values fall into buckets. */
interface Scale {
  readonly relativeAccuracy: number;
  readonly maxBuckets: number;
  readonly bucketsPerE: number;
}

function scaleOf({ relativeAccuracy = 0.01, maxBuckets = 2048 }: SketchOptions): Scale {
  if (!(relativeAccuracy > 0 && relativeAccuracy < 1)) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `relativeAccuracy must lie between 0 and 1, got ${relativeAccuracy}`);
  }
  if (!Number.isInteger(maxBuckets) || maxBuckets < 2) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `maxBuckets must be an integer of at least 2, got ${maxBuckets}`);
  }
  return { relativeAccuracy, maxBuckets, bucketsPerE: 1 / Math.log((1 + relativeAccuracy) / (1 - relativeAccuracy)) };
}

const standard: SketchOptions = {};
/** One for all sketches that ask for nothing else. */
const standardScale = scaleOf(standard);

/**
 * Counts values in buckets that grow by a constant factor, so that a quantile has a bounded relative error over the whole range.
 *
 * Recording takes constant time and allocates nothing once the range of the values has been seen (the bucket array then has its size).
 * Negative values, NaN and infinities are not measurements: they are not counted, and `record` answers false.
 *
 * @throws {@link StreamFlowError} `SF_CONFIG_INVALID` for an accuracy outside (0, 1) or fewer than 2 buckets.
 * @see Masson, Rim, Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019, sections 2 and 3
 */
export class SketchHistogram implements Histogram {
  readonly #scale: Scale;
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;
  #zeros = 0;
  /** `#counts[i]` belongs to bucket `#first + i`. A plain array: a typed one has a buffer, and three objects more. */
  #counts: number[] = none;
  #first = 0;
  /** The lowest bucket in use may be a collapsed one; the highest in use is exact. */
  #highest = 0;

  constructor(options: SketchOptions = standard) {
    this.#scale = options === standard ? standardScale : scaleOf(options);
  }

  get relativeAccuracy(): number {
    return this.#scale.relativeAccuracy;
  }
  get maxBuckets(): number {
    return this.#scale.maxBuckets;
  }
  get count(): number {
    return this.#count;
  }
  get sum(): number {
    return this.#sum;
  }
  /** The lowest value, exact; 0 where there is none. */
  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }
  /** The highest value, exact; 0 where there is none. */
  get max(): number {
    return this.#max;
  }

  /** Counts a value. Answers whether it was one: finite and not negative. */
  record(value: number): boolean {
    if (!(value >= 0 && value < Infinity)) return false;
    this.#count++;
    this.#sum += value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (value === 0) this.#zeros++;
    else this.#add(Math.ceil(Math.log(value) * this.#scale.bucketsPerE), 1);
    return true;
  }

  /**
   * An estimate of the value of which a share of `q` is not greater, in [min, max]; 0 where nothing was recorded.
   * It is within `relativeAccuracy` of element `floor(q * (count - 1))` of the sorted values.
   *
   * @param q clamped to [0, 1]
   */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.floor(Math.min(1, Math.max(0, q)) * (this.#count - 1));
    let seen = this.#zeros;
    if (rank < seen) return 0;
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i] ?? 0;
      if (rank < seen) return this.#clamp(this.#middleOf(this.#first + i));
    }
    return this.#max;
  }

  /** How many values are at most `bound`; values within `relativeAccuracy` of the bound may fall on either side. */
  countUpTo(bound: number): number {
    if (bound < 0) return 0;
    if (bound >= this.#max) return this.#count;
    let seen = this.#zeros;
    for (let i = 0; i < this.#counts.length && this.#middleOf(this.#first + i) <= bound; i++) seen += this.#counts[i] ?? 0;
    return seen;
  }

  /**
   * Adds what another sketch has counted.
   * @throws {@link StreamFlowError} `SF_CONFIG_INVALID` when the accuracies differ.
   */
  merge(other: SketchHistogram | SketchSnapshot): void {
    const from = other instanceof SketchHistogram ? other.snapshot() : other;
    if (from.relativeAccuracy !== this.relativeAccuracy) {
      throw new StreamFlowError("SF_CONFIG_INVALID", `sketches of accuracy ${this.relativeAccuracy} and ${from.relativeAccuracy} cannot be merged`);
    }
    if (from.count === 0) return;
    this.#count += from.count;
    this.#sum += from.sum;
    this.#zeros += from.zeros;
    this.#min = Math.min(this.#min, from.min);
    this.#max = Math.max(this.#max, from.max);
    for (let i = from.buckets.length - 1; i >= 0; i--) {
      const amount = from.buckets[i] ?? 0;
      if (amount > 0) this.#add(from.firstBucket + i, amount);
    }
  }

  /** Everything that was counted, as plain data that shares nothing with the sketch. */
  snapshot(): SketchSnapshot {
    let start = 0;
    while (start < this.#counts.length && this.#counts[start] === 0) start++;
    const end = this.#counts.length === 0 ? 0 : this.#highest - this.#first + 1;
    return {
      relativeAccuracy: this.relativeAccuracy,
      count: this.#count,
      sum: this.#sum,
      min: this.min,
      max: this.#max,
      zeros: this.#zeros,
      firstBucket: this.#first + start,
      buckets: this.#counts.slice(start, end),
    };
  }

  /** A sketch that goes on from a snapshot. */
  static from(snapshot: SketchSnapshot, options: { readonly maxBuckets?: number } = {}): SketchHistogram {
    const sketch = new SketchHistogram({ ...options, relativeAccuracy: snapshot.relativeAccuracy });
    sketch.merge(snapshot);
    return sketch;
  }

  #add(bucket: number, amount: number): void {
    let slot = bucket - this.#first;
    if (slot < 0 || slot >= this.#counts.length) slot = this.#makeRoom(bucket);
    this.#counts[slot] = (this.#counts[slot] ?? 0) + amount;
    if (bucket > this.#highest) this.#highest = bucket;
  }

  /** Answers the slot of a bucket that lies outside the array: the array grows, or the lowest buckets become one. */
  #makeRoom(bucket: number): number {
    const { length } = this.#counts;
    if (length === 0) {
      this.#counts = zeros(Math.min(firstCapacity, this.maxBuckets));
      this.#first = bucket - (this.#counts.length >> 1);
      this.#highest = bucket;
      return bucket - this.#first;
    }
    const highest = Math.max(bucket, this.#highest);
    const floor = highest - this.maxBuckets + 1;
    // Below all buckets that may be kept: counted in the lowest one.
    if (bucket < this.#first && this.#first === floor) return 0;
    const lowest = Math.max(floor, Math.min(bucket, this.#lowestInUse()));
    const capacity = Math.min(this.maxBuckets, Math.max(length, 2 * (highest - lowest + 1)));
    // The spare room lies on the side that was just outgrown.
    const first = bucket > this.#highest ? lowest : Math.max(floor, highest - capacity + 1);
    this.#moveTo(first, capacity);
    return Math.max(bucket, first) - first;
  }

  #moveTo(first: number, capacity: number): void {
    const old = this.#counts;
    const counts = zeros(capacity);
    for (let i = 0; i < old.length; i++) {
      const amount = old[i] ?? 0;
      if (amount === 0) continue;
      const slot = Math.max(0, this.#first + i - first);
      counts[slot] = (counts[slot] ?? 0) + amount;
    }
    this.#counts = counts;
    this.#first = first;
  }

  #lowestInUse(): number {
    const slot = this.#counts.findIndex((amount) => amount > 0);
    return slot < 0 ? this.#highest : this.#first + slot;
  }

  /** The value whose distance to both ends of the bucket is the same share of them. */
  #middleOf(bucket: number): number {
    return Math.exp(bucket / this.#scale.bucketsPerE) * (1 - this.relativeAccuracy);
  }

  #clamp(value: number): number {
    return Math.min(this.#max, Math.max(this.#min, value));
  }
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}
