// Records held in memory: for tests, examples and small side inputs.
import { StreamFlowError, type Batch, type Position, type Schema, type Source } from "@streamflow/core";
import { rowBatch } from "../row-batch.ts";
import { sourceOf } from "../source.ts";

/** Options of {@link memorySource}. */
export interface MemorySourceOptions<Out> {
  /** Part of what tells two memory sources apart. @defaultValue `"memory"` */
  readonly name?: string;
  /** A number deals the records out in turn; a function names each record's partition. @defaultValue 1: all in partition "0" */
  readonly partitions?: number | ((record: Out, index: number) => string);
  /** Type of a record: one that is no value of it is rejected, with the path. */
  readonly schema?: Schema;
}

/**
 * Reads records from an array: replayable, bounded, in order per partition.
 *
 * The array is read as it is when the source is opened; change it only between runs. Positions count the records of a partition.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID when `partitions` is not a positive integer.
 */
export function memorySource<Out>(records: readonly Out[], options: MemorySourceOptions<Out> = {}): Source<Out> {
  const { name = "memory", partitions = 1, schema } = options;
  if (typeof partitions === "number" && !(Number.isSafeInteger(partitions) && partitions > 0)) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `partitions of a memory source must be a positive integer, got ${partitions}`);
  }
  const partitionOf = typeof partitions === "function" ? partitions : (_: Out, index: number): string => String(index % partitions);
  const about = {
    type: "memory",
    config: { name, records: records.length, partitions: typeof partitions === "number" ? partitions : "by record" },
    capabilities: { replayable: true, bounded: true, deterministic: true, ...(partitions === 1 ? { singlePartition: true } : {}) },
    ...(schema === undefined ? {} : { schema }),
  };
  return sourceOf<Out>(about, () => {
    const dealt = deal(records, typeof partitions === "number" ? partitions : 0, partitionOf);
    return {
      partitions: () => [...dealt.keys()],
      read: (partition, from, context) => slices(dealt.get(partition) ?? [], { partition, from, size: () => context.limits.maxRecords }),
    };
  });
}

function deal<Out>(records: readonly Out[], partitions: number, partitionOf: (record: Out, index: number) => string): ReadonlyMap<string, readonly Out[]> {
  const dealt = new Map<string, Out[]>();
  for (let i = 0; i < partitions; i++) dealt.set(String(i), []);
  records.forEach((record, index) => {
    const partition = partitionOf(record, index);
    const list = dealt.get(partition);
    if (list === undefined) dealt.set(partition, [record]);
    else list.push(record);
  });
  return dealt;
}

interface SliceOptions {
  readonly partition: string;
  readonly from: Position | undefined;
  size(): number;
}

async function* slices(records: readonly unknown[], options: SliceOptions): AsyncGenerator<Batch> {
  let next = startOf(options.from, records.length);
  while (next < records.length) {
    const first = next;
    next = Math.min(records.length, first + Math.max(1, options.size()));
    yield rowBatch({ partition: options.partition, values: records.slice(first, next), positionAt: (index) => String(first + index + 1) });
  }
}

function startOf(from: Position | undefined, count: number): number {
  const start = from === undefined ? 0 : Number(from);
  if (Number.isSafeInteger(start) && start >= 0 && start <= count) return start;
  throw new StreamFlowError("SF_SOURCE_POSITION", `memory source cannot resume at position "${from}": it has ${count} records`);
}
