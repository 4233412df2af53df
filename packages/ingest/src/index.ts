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
export { fileSource } from "./sources/file.ts";
export type { FileFormat, FileSourceOptions } from "./sources/file.ts";
export type { FileChoice } from "./files/list-files.ts";
export type { Compression } from "./files/content.ts";
export { ndjson } from "./codecs/ndjson/ndjson.ts";
export type { NdjsonOptions } from "./codecs/ndjson/ndjson.ts";
export { csv } from "./codecs/csv.ts";
export type { CsvOptions } from "./codecs/csv.ts";
export { lines } from "./codecs/lines.ts";
