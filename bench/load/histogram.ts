// A histogram of latencies: buckets whose width is a 64th of their value at most, so that a quantile is off by less than 1.6 %.
const bits = 6;
const perOctave = 1 << bits;
const octaves = 32;

/** Counts whole numbers from 0 to 2³¹ - 1. @see Gil Tene, HdrHistogram, for the form of the buckets */
export class Histogram {
  readonly #counts = new Float64Array((octaves + 1) * perOctave);
  #total = 0;
  #most = 0;

  add(value: number): void {
    const whole = Math.max(0, Math.round(value));
    this.#counts[bucketOf(whole)]!++;
    this.#total++;
    if (whole > this.#most) this.#most = whole;
  }

  get count(): number {
    return this.#total;
  }

  get max(): number {
    return this.#most;
  }

  /** The highest value of the bucket that holds the quantile; no more than the greatest value. NaN of nothing. */
  quantile(share: number): number {
    if (this.#total === 0) return NaN;
    const wanted = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= wanted) return Math.min(this.#most, highestOf(bucket));
    }
    return this.#most;
  }
}

function bucketOf(value: number): number {
  if (value < perOctave) return value;
  const octave = 31 - Math.clz32(value) - bits;
  return (octave + 1) * perOctave + ((value >>> octave) - perOctave);
}

function highestOf(bucket: number): number {
  if (bucket < perOctave) return bucket;
  const octave = Math.floor(bucket / perOctave) - 1;
  return ((bucket % perOctave) + perOctave + 1) * 2 ** octave - 1;
}
