// The shape that records of a sink have: learned from those that came, since nobody knows what a function answers.

/** Fields in order. */
export interface RecordShape {
  readonly names: readonly string[];
  /** For each name: it has only been seen with numbers. */
  readonly areNumbers: readonly boolean[];
}

const mostFields = 200;
/** So many batches that were not of the shape, and there is none. */
const mostMisses = 8;

/** Learns a shape from a few records, and forgets it for good where it does not last. */
export class ShapeLearner {
  shape: RecordShape | undefined;
  #misses = 0;

  /** Looks at rows: the first, the middle and the last. */
  observe(rows: readonly unknown[]): void {
    if (this.shape !== undefined || this.#misses >= mostMisses || rows.length === 0) return;
    const shapes = [0, rows.length >> 1, rows.length - 1].map((at) => shapeOf(rows[at]));
    const [first] = shapes;
    if (first === undefined || shapes.some((shape) => shape === undefined || shape.names.length !== first.names.length || shape.names.some((name, i) => name !== first.names[i]))) this.#misses++;
    else this.shape = { names: first.names, areNumbers: first.names.map((_, i) => shapes.every((shape) => shape?.areNumbers[i] === true)) };
  }

  /** Records that were expected to be of the shape were not. */
  missed(): void {
    if (++this.#misses >= mostMisses) this.shape = undefined;
  }
}

function shapeOf(record: unknown): RecordShape | undefined {
  if (typeof record !== "object" || record === null || Object.getPrototypeOf(record) !== Object.prototype) return undefined;
  const names = Object.keys(record);
  if (names.length === 0 || names.length > mostFields || names.includes("__proto__")) return undefined;
  return { names, areNumbers: names.map((name) => typeof (record as Readonly<Record<string, unknown>>)[name] === "number") };
}
