// Records in columns, made before anything is timed: what is left is what the engine does.
import type { Batch, Source } from "@streamflow/core";
import { t } from "@streamflow/core";
import { defineSource } from "@streamflow/ingest";

/** A record. */
export interface Point {
  readonly key: number;
  readonly value: number;
  readonly atMs: number;
}

/** What a source gives. */
export interface CurveSourceOptions {
  readonly records: number;
  readonly keys: number;
  /** Records of one millisecond of event time. */
  readonly recordsPerMs: number;
  /** Awaited before the record with this index, and told that it is next. */
  readonly gate: { readonly at: number; readonly pass: () => Promise<void> | void };
  /** The last record has been handed over. */
  readonly over: () => void;
}

/** Event time of the first record: 2015-07-15T00:00:00Z. */
export const curveStartMs = 1_436_918_400_000;
const batchRecords = 1_024;
/** Keys are the same again after so many records. */
const poolRecords = 1 << 22;
/** No number of keys is a multiple of it. */
const stride = 1_000_003;

/** The key of a record: each once, then scattered. */
export function keysOf(keys: number): Float64Array {
  const pool = new Float64Array(poolRecords);
  for (let i = 0; i < poolRecords; i++) pool[i] = i < keys ? (i * stride) % keys : (Math.imul(i, 0x9e3779b1) >>> 0) % keys;
  return pool;
}

/** Reads records in columns. Their values are their indexes, modulo a thousand. */
export function curveSource(name: string, pool: Float64Array, options: CurveSourceOptions): Source<Point> {
  const { records, recordsPerMs, gate, over } = options;
  return defineSource<Point>({
    type: "curve",
    config: { name },
    capabilities: { replayable: true, bounded: true, deterministic: true, singlePartition: true },
    schema: t.struct({ key: t.int32(), value: t.int32(), atMs: t.timestamp() }),
    isChecked: true,
    partitions: () => ["0"],
    async *read(partition, from) {
      for (let first = Number(from ?? 0); first < records; ) {
        if (first === gate.at) await gate.pass();
        const length = Math.min(batchRecords, records - first, first < gate.at ? gate.at - first : batchRecords);
        yield batchOf({ partition, first, length, pool, recordsPerMs });
        first += length;
      }
      over();
    },
  });
}

interface BatchParts {
  readonly partition: string;
  readonly first: number;
  readonly length: number;
  readonly pool: Float64Array;
  readonly recordsPerMs: number;
}

function batchOf({ partition, first, length, pool, recordsPerMs }: BatchParts): Batch {
  const [key, value, atMs] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  for (let i = 0; i < length; i++) {
    key[i] = pool[(first + i) & (poolRecords - 1)]!;
    value[i] = (first + i) % 1_000;
    atMs[i] = curveStartMs + Math.floor((first + i) / recordsPerMs);
  }
  return {
    partition,
    length,
    columns: [{ name: "key", values: key }, { name: "value", values: value }, { name: "atMs", values: atMs }],
    endPosition: String(first + length),
    byteLength: length * 24,
    positionAt: (index) => String(first + index + 1),
  };
}
