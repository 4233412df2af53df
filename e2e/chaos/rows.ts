// The input of a chaos run: rows that follow from the seed and their place alone, so that every process reads the same ones.

/** A record of the job. */
export interface Row {
  readonly id: number;
  readonly key: string;
  readonly n: number;
  /** Event time, in milliseconds since 1970 UTC. */
  readonly at: number;
}

/** Event time from row to row of a partition, in milliseconds. */
export const strideMs = 5;
/** How far behind a row may be and still be in time. */
export const outOfOrdernessMs = 100;
/** The size of the job's windows. */
export const windowMs = 1_000;

const startMs = Date.UTC(2026, 0, 1);

/** What rows are made of. `isLocal`: every key is in one partition only. */
export interface RowsSpec {
  readonly seed: number;
  readonly isLocal: boolean;
  /** Bounded input is read in turns of 1,024 rows: with many partitions, event time would stand still most of the time. */
  readonly partitions: number;
}

/** The names of the partitions. */
export function partitionsOf({ partitions }: RowsSpec): readonly string[] {
  return Array.from({ length: partitions }, (_, at) => String(at));
}

/** Row `index` of a partition: one in twenty is late, one in fifty comes early, by up to a third of a window. */
export function rowAt({ seed, isLocal, partitions }: RowsSpec, partition: string, index: number): Row {
  const draw = mixed(seed ^ mixed(index * partitions + Number(partition)));
  const kind = draw % 100;
  const by = (draw >>> 8) & 0xffff;
  const behindMs = kind < 5 ? outOfOrdernessMs + (by % (2 * windowMs)) : kind < 7 ? -(by % 300) : by % outOfOrdernessMs;
  const key = isLocal ? `p${partition}-${by % 3}` : `k${by % 8}`;
  return { id: index * partitions + Number(partition), key, n: (draw >>> 4) % 1_000, at: startMs + index * strideMs - behindMs };
}

/** @see Steele and Vigna: the finalizer of splitmix32 */
function mixed(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
