// The public API of @streamflow/sink/redis. Written by pnpm api:update.

export type RecordFormat = "json" | OutputFormat;

export type RedisKind = "set" | "hash" | "stream" | "list" | "publish";

export interface RedisSinkOptions {
    readonly url: string;
    readonly kind: RedisKind;
    readonly key: string;
    readonly format?: RecordFormat;
    readonly ttlMs?: number;
    readonly maxLength?: number;
    readonly maxEpochBytes?: number;
    readonly timeoutMs?: number;
}

export declare function redisSink<In = unknown>(options: RedisSinkOptions): Sink<In>;
