// Named exports only.
export { sinkFirstSession, storeFirstSession } from "./exactly-once.ts";
export type { ShardHead, SinkFirstSteps, SinkTransaction, StoreFirstSteps } from "./exactly-once.ts";
export { jsonBody, parseBody } from "./prepared-bytes.ts";
export { memorySink } from "./connectors/memory.ts";
export type { MemoryRecord, MemorySink, MemorySinkOptions } from "./connectors/memory.ts";
export { sqliteSink } from "./connectors/sqlite.ts";
export type { SqliteSinkOptions } from "./connectors/sqlite.ts";
