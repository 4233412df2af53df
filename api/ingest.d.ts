// The public API of @streamflow/ingest. Written by pnpm api:update.

export interface BatchIterator extends AsyncIterator<Batch> {
    readonly takeNow?: (() => Batch | undefined) | undefined;
}

export interface Batches {
    [Symbol.asyncIterator](): BatchIterator;
}

export type Compression = "none" | "gzip" | "auto";

export interface CsvOptions {
    readonly delimiter?: string;
    readonly header?: boolean;
    readonly columns?: readonly string[];
    readonly strict?: boolean;
}

export interface FileChoice {
    readonly path?: string;
    readonly paths?: readonly string[];
    readonly folder?: string;
    readonly suffix?: string;
    readonly baseFolder?: string;
}

export type FileFormat = "ndjson" | "csv" | "lines" | "parquet" | DecoderFactory;

export interface FileSourceOptions extends FileChoice {
    readonly format?: FileFormat;
    readonly compression?: Compression;
    readonly schema?: Schema;
    readonly csv?: CsvOptions;
    readonly partitions?: "per-file" | "one";
    readonly maxRecordBytes?: number;
    readonly chunkBytes?: number;
    readonly maxDecompressedBytes?: number;
    readonly parallelism?: number;
}

export interface IterableSourceOptions {
    readonly name?: string;
    readonly bounded?: boolean;
    readonly schema?: Schema;
}

export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

export type JsonSchemaCheck = (value: unknown) => Violation | undefined;

export interface JsonSchemaOptions {
    readonly generate?: boolean;
}

export interface MemorySourceOptions<Out> {
    readonly name?: string;
    readonly partitions?: number | ((record: Out, index: number) => string);
    readonly schema?: Schema;
}

export interface NdjsonOptions {
    readonly strict?: boolean;
}

export interface PartitionReaders {
    partitions(): readonly string[] | Promise<readonly string[]>;
    read(partition: string, from: Position | undefined, context: ReadContext): Batches;
    progress?(): number | undefined;
    committed?(positions: ReadonlyMap<string, Position>): void | Promise<void>;
    close?(): void | Promise<void>;
}

export interface PushSource<Out> extends Source<Out> {
    push(records: readonly Out[]): Promise<void>;
    close(): void;
}

export interface PushSourceOptions {
    readonly name?: string;
    readonly maxBytes?: number;
    readonly schema?: Schema;
}

export interface ReadContext {
    readonly environment: Environment;
    readonly node: string;
    readonly projection: Projection;
    readonly columns: boolean;
    readonly parallelism: number;
    readonly adder?: ThreadAdder;
    readonly limits: PollLimits;
    readonly maxRejectedBytes: number;
    readonly signal: AbortSignal;
}

export interface RowBatchOptions {
    readonly partition: string;
    readonly values: readonly unknown[];
    positionAt(index: number): Position;
    readonly endPosition?: Position;
    readonly byteLength?: number;
    readonly timestamps?: Float64Array;
    readonly rejected?: readonly Rejected[];
    readonly transactionEnds?: readonly number[];
}

export interface SizedBatch extends Batch {
    sizeAt?(index: number): number;
}

export interface SourceDefinition {
    readonly type: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly capabilities: SourceCapabilities;
    readonly schema?: Schema;
    readonly parallelism?: number;
    readonly decoder?: DecoderFactory;
    readonly decoderState?: (position: Position) => string;
    readonly isChecked?: boolean;
    partitions(context: SourceContext): readonly string[] | Promise<readonly string[]>;
    read(partition: string, from: Position | undefined, context: ReadContext): AsyncIterable<Batch>;
}

export interface StdinSourceOptions {
    readonly input?: () => AsyncIterable<Uint8Array>;
    readonly format?: "ndjson" | "csv" | "lines" | DecoderFactory;
    readonly schema?: Schema;
    readonly csv?: CsvOptions;
    readonly maxRecordBytes?: number;
}

export interface Violation {
    readonly path: string;
    readonly rule: string;
    readonly message: string;
}

export declare const brokerSettings: Readonly<Record<"kafka_consumer" | "kinesis_consumer" | "pulsar_consumer", BrokerSetting>>;

export declare function csv(options?: CsvOptions): DecoderFactory;

export declare function defineSource<Out = unknown>(definition: SourceDefinition): Source<Out>;

export declare function fileSource<const Given extends Schema>(options: FileSourceOptions & {
    readonly schema: Given;
}): Source<Infer<Given>>;

export declare function fileSource<Out = unknown>(options: FileSourceOptions): Source<Out>;

export declare const ingestComponents: readonly ComponentSpec[];

export declare function iterableSource<Out>(iterable: AsyncIterable<Out> | Iterable<Out>, options?: IterableSourceOptions): Source<Out>;

export declare function jsonSchemaCheck(schema: JsonSchema, options?: JsonSchemaOptions): JsonSchemaCheck;

export declare function lines(): DecoderFactory;

export declare function memorySource<Out>(records: readonly Out[], options?: MemorySourceOptions<Out>): Source<Out>;

export declare function ndjson(options?: NdjsonOptions): DecoderFactory;

export declare function pushSource<Out>(options?: PushSourceOptions): PushSource<Out>;

export declare function rowBatch(options: RowBatchOptions): Batch;

export declare function sourceOf<Out = unknown>(about: Omit<SourceDefinition, "partitions" | "read">, open: (context: SourceContext) => PartitionReaders): Source<Out>;

export declare function stdinSource<const Given extends Schema>(options: StdinSourceOptions & {
    readonly schema: Given;
}): Source<Infer<Given>>;

export declare function stdinSource<Out = unknown>(options?: StdinSourceOptions): Source<Out>;

export declare function validated<Out>(source: Source<Out>, jsonSchema: JsonSchema, options?: JsonSchemaOptions): Source<Out>;
