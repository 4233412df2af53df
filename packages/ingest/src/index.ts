// Named exports only.
export { defineSource, sourceOf } from "./source.ts";
export type { PartitionReaders, ReadContext, SourceDefinition } from "./source.ts";
export { rowBatch } from "./row-batch.ts";
export type { RowBatchOptions } from "./row-batch.ts";
export type { SizedBatch } from "./batch-cutter.ts";
export { memorySource } from "./sources/memory.ts";
export type { MemorySourceOptions } from "./sources/memory.ts";
export { iterableSource } from "./sources/iterable.ts";
export type { IterableSourceOptions } from "./sources/iterable.ts";
