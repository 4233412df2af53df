// The public API of @streamflow/sink/kafka. Written by pnpm api:update.

export type KafkaCompression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

export interface KafkaSinkOptions extends KafkaConnection {
    readonly topic: string;
    readonly key?: string;
    readonly format?: RecordFormat;
    readonly headers?: Readonly<Record<string, string>>;
    readonly partition?: string;
    readonly delivery?: "exactly-once" | "at-least-once";
    readonly compression?: KafkaCompression;
    readonly batchBytes?: number;
    readonly bufferBytes?: number;
    readonly deliveryTimeoutMs?: number;
    readonly transactionTimeoutMs?: number;
    readonly transactionalIdPrefix?: string;
    readonly heads?: {
        readonly topic?: string;
        readonly replicationFactor?: number;
    };
}

export type RecordFormat = "json" | OutputFormat;

export declare function kafkaSink<In = unknown>(options: KafkaSinkOptions): Sink<In>;
