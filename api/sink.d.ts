// The public API of @streamflow/sink. Written by pnpm api:update.

export declare class ByteBuffer implements ByteWriter {
    #private;
    area: Buffer;
    data: DataView;
    at: number;
    text(text: string): void;
    bytes(bytes: Uint8Array): void;
    reserve(count: number): void;
    get length(): number;
    get leastLength(): number;
    view(): Uint8Array;
    clear(): void;
}

export interface CallbackBatch {
    readonly timestamps: Float64Array;
    readonly changes?: Uint8Array;
    identityAt(index: number): RecordIdentity;
    readonly signal: AbortSignal;
}

export interface CallbackSinkOptions {
    readonly name?: string;
    readonly maxBatchRecords?: number;
    readonly delivery?: "at-least-once" | "idempotent";
    readonly takesChanges?: boolean;
}

export interface CsvEncoderOptions {
    readonly columns?: readonly string[];
    readonly header?: boolean;
    readonly delimiter?: string;
    readonly timestamps?: TimestampFormat;
}

export interface FilePart {
    readonly name: string;
    readonly rows: number;
    readonly bytes: number;
    readonly crc32: string;
}

export interface FileSinkOptions {
    readonly folder: string;
    readonly baseFolder?: string;
    readonly format?: OutputFormat;
    readonly maxPartBytes?: number;
}

export interface KeyScope {
    readonly pipeline: string;
    readonly node: string;
}

export interface LinesEncoderOptions {
    readonly field?: string;
}

export interface MemoryRecord<In> {
    readonly value: In;
    readonly timestampMs: number;
    readonly change: ChangeKind;
}

export interface MemorySink<In> extends Sink<In> {
    readonly records: readonly MemoryRecord<In>[];
    readonly values: readonly In[];
    readonly heads: ReadonlyMap<string, ShardHead>;
    clear(): void;
}

export interface MemorySinkOptions<In> {
    readonly name?: string;
    readonly maxRecords?: number;
    readonly onCommit?: (records: readonly MemoryRecord<In>[]) => void;
}

export interface NdjsonEncoderOptions {
    readonly timestamps?: TimestampFormat;
}

export interface OutboxOptions {
    readonly maxEpochBytes?: number;
    readonly batchRecords?: number;
    readonly batchBytes?: number;
    readonly retry?: BackoffPolicy & {
        readonly maxAttempts?: number;
    };
    readonly onReject?: (error: StreamFlowError, value: unknown) => void;
}

export type OutputFormat = "ndjson" | "csv" | "lines" | EncoderFactory;

export interface RouteConfig {
    readonly routes: Readonly<Record<string, Compute>>;
    readonly otherwise?: string;
    readonly mode?: "first" | "all";
}

export interface RouteOptions<In> {
    readonly routes: Readonly<Record<string, Compute<In, boolean | null | undefined>>>;
    readonly otherwise?: string;
    readonly mode?: "first" | "all";
    readonly id?: string;
}

export type ShardHead = ShardCommit;

export interface SinkBatchParts {
    readonly timestamps?: readonly number[];
    readonly changes?: readonly number[];
    readonly identityAt?: (index: number) => RecordIdentity;
}

export interface SinkFirstSteps {
    readonly name: string;
    readonly readsColumns?: boolean;
    stage(batch: SinkBatch): void | Promise<void>;
    transact(transaction: SinkTransaction): Promise<void>;
    reset(): Promise<void>;
    close?(): Promise<void>;
}

export interface SinkTransaction {
    readonly shards: readonly ShardId[];
    readonly withOutput: boolean;
    readonly decide: (stored: ReadonlyMap<ShardId, ShardHead>) => readonly ShardHead[];
    readonly commitTokens?: SinkCommit["commitTokens"];
}

export interface SqliteSinkOptions {
    readonly path: string;
    readonly baseFolder?: string;
    readonly table: string;
    readonly mode?: "append" | "upsert";
    readonly key?: readonly string[];
    readonly schema?: Schema;
    readonly busyTimeoutMs?: number;
}

export interface StdoutSinkOptions {
    readonly stream?: OutputStream;
    readonly format?: OutputFormat;
}

export interface StoreFirstSteps {
    readonly name: string;
    readonly readsColumns?: boolean;
    wantsBarrier?(): boolean;
    stage(batch: SinkBatch): void | Promise<void>;
    seal(commit: SinkCommit): Promise<Uint8Array | undefined>;
    publish(sealed: Uint8Array): Promise<void>;
    recover?(shards: readonly ShardOwner[]): Promise<readonly ShardHead[]>;
    retract(sealed: Uint8Array): Promise<void>;
    reset(): Promise<void>;
    close?(): Promise<void>;
}

export type TimestampFormat = "iso" | "ms";

export declare function callbackSink<In = unknown>(run: (records: readonly In[], batch: CallbackBatch) => void | Promise<void>, options?: CallbackSinkOptions): Sink<In>;

export declare function committedParts(disk: Disk, folder: string): Promise<readonly FilePart[]>;

export declare function csvEncoder(options?: CsvEncoderOptions): EncoderFactory;

export declare function fileSink<In = unknown>(options: FileSinkOptions): Sink<In>;

export declare function identityKey({ pipeline, node }: KeyScope, { shard, origin, index }: RecordIdentity): string;

export declare function jsonBody(value: unknown): Uint8Array;

export declare function linesEncoder(options?: LinesEncoderOptions): EncoderFactory;

export declare function memorySink<In = unknown>(options?: MemorySinkOptions<In>): MemorySink<In>;

export declare function ndjsonEncoder(options?: NdjsonEncoderOptions): EncoderFactory;

export declare function outboxed<In>(sink: Sink<In>, options?: OutboxOptions): Sink<In>;

export declare function parseBody(body: Uint8Array): unknown;

export declare function route<In>({ id, ...config }: RouteOptions<In>): Stage<In, In>;

export declare const routeOperator: OperatorDefinition<RouteConfig>;

export declare const routeSpec: ComponentSpec<"stage">;

export declare function shortKey(scope: KeyScope, identity: RecordIdentity): string;

export declare function sinkBatch(values: readonly unknown[], parts?: SinkBatchParts): SinkBatch;

export declare const sinkComponents: readonly ComponentSpec[];

export declare function sinkFirstSession(steps: SinkFirstSteps): SinkSession;

export declare function sqliteSink<In = unknown>(options: SqliteSinkOptions): Sink<In>;

export declare function stdoutSink<In = unknown>(options?: StdoutSinkOptions): Sink<In>;

export declare function storeFirstSession(steps: StoreFirstSteps): SinkSession;
