// Named exports only.
export { redisSink } from "./connectors/redis.ts";
export type { RedisSinkOptions } from "./connectors/redis.ts";
export type { RecordFormat } from "./connectors/record-bytes.ts";
export type { RedisKind } from "./connectors/redis-commands.ts";
