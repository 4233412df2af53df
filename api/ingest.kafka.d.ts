// The public API of @streamflow/ingest/kafka. Written by pnpm api:update.

export interface KafkaSourceOptions extends Omit<KafkaConnection, "brokerList"> {
    readonly brokerList?: readonly string[];
    readonly topic?: string;
    readonly topics?: readonly string[];
    readonly pattern?: string;
    readonly group?: string;
    readonly start?: KafkaStart;
    readonly whenGone?: "fail" | "earliest";
    readonly bounded?: boolean;
    readonly format?: "json" | "text" | "csv" | DecoderFactory;
    readonly schema?: Schema;
    readonly fields?: RecordFields;
    readonly tombstones?: "reject" | "skip";
    readonly isolation?: "committed" | "uncommitted";
    readonly maxRecordBytes?: number;
    readonly fetchBytes?: number;
    readonly maxWaitMs?: number;
    readonly sessionTimeoutMs?: number;
    readonly rebalanceTimeoutMs?: number;
    readonly metadataMaxAgeMs?: number;
}

export type KafkaStart = OffsetSpec | "committed" | {
    readonly positions: Readonly<Record<string, Position>>;
};

export type OffsetSpec = "earliest" | "latest" | {
    readonly atMs: number;
};

export type RecordFieldName = "key" | "topic" | "partition" | "offset" | "timestamp" | "headers";

export type RecordFields = Readonly<Partial<Record<RecordFieldName, string>>>;

export declare function kafkaSource<const Given extends Schema>(options: KafkaSourceOptions & {
    readonly schema: Given;
    readonly fields?: undefined;
}): Source<Infer<Given>>;

export declare function kafkaSource<Out = unknown>(options: KafkaSourceOptions): Source<Out>;
