// The public API of @streamflow/core. Written by pnpm api:update.

export interface AggregateCall {
    readonly kind: "aggregate";
    readonly function: string;
    readonly arguments: readonly Compute[];
}

export type AnyErrorCode = ErrorCode | `EXT_${string}`;

export type AnyOperatorDefinition = OperatorDefinition<never>;

export interface Batch {
    readonly partition: string;
    readonly length: number;
    readonly values?: readonly unknown[];
    readonly columns?: readonly Column[];
    readonly schema?: Schema;
    readonly timestamps?: Float64Array;
    readonly keys?: readonly unknown[];
    readonly changes?: Uint8Array;
    readonly raw?: RawRecords;
    readonly rejected?: readonly Rejected[];
    readonly transactionEnds?: readonly number[];
    readonly endPosition: Position;
    readonly byteLength: number;
    positionAt(index: number): Position;
    release?(): void;
}

export declare class BatchError extends StreamFlowError {
    readonly failures: readonly BatchFailure[];
    constructor(message: string, failures: readonly BatchFailure[], details?: ErrorDetails);
}

export interface BatchFailure {
    readonly index: number;
    readonly error: StreamFlowError;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "??";

export interface ByteWriter {
    text(text: string): void;
    bytes(bytes: Uint8Array): void;
    readonly length: number;
}

export type CancelTimer = () => void;

export declare const ChangeKind: {
    readonly insert: 0;
    readonly updateBefore: 1;
    readonly updateAfter: 2;
    readonly delete: 3;
};

export type ChangeKind = (typeof ChangeKind)[keyof typeof ChangeKind];

export interface Checkpoint {
    readonly epoch: number;
    readonly createdMs: number;
    readonly plan: Readonly<Record<string, string>>;
    readonly manifests: readonly ShardManifest[];
    readonly prepared: Readonly<Record<string, SegmentRef>>;
}

export interface CheckpointStore {
    writeSegment(pipeline: string, bytes: Uint8Array): Promise<SegmentRef>;
    readSegment(pipeline: string, ref: SegmentRef): Promise<Uint8Array>;
    fence(pipeline: string, fences: readonly Fence[]): Promise<void>;
    publish(pipeline: string, checkpoint: Checkpoint): Promise<void>;
    list(pipeline: string): Promise<readonly ListedCheckpoint[]>;
    prune(pipeline: string, keep: number, named: readonly number[]): Promise<void>;
    pipelines(): Promise<readonly string[]>;
    close(): Promise<void>;
}

export interface Clock {
    nowMs(): number;
    monotonicMs(): number;
    setTimer(delayMs: number, run: () => void): CancelTimer;
}

export interface Column {
    readonly name: string;
    readonly values: Float64Array | Int32Array | BigInt64Array | Uint8Array | readonly unknown[];
    readonly valid?: Uint8Array;
}

export interface ComponentContext {
    readonly folder: string;
    component<Kind extends ComponentKind>(kind: Kind, type: string, config: Readonly<Record<string, unknown>>): ComponentProducts[Kind];
}

export type ComponentKind = "source" | "stage" | "sink" | "decoder" | "encoder";

export interface ComponentProducts {
    readonly source: Source;
    readonly stage: StageDescription;
    readonly sink: Sink;
    readonly decoder: DecoderFactory;
    readonly encoder: EncoderFactory;
}

export interface ComponentSpec<Kind extends ComponentKind = ComponentKind> {
    readonly kind: Kind;
    readonly type: string;
    readonly summary: string;
    readonly fields: Readonly<Record<string, ConfigField>>;
    readonly example: string;
    create(config: Readonly<Record<string, unknown>>, context: ComponentContext): ComponentProducts[Kind];
}

export type Compute<In = never, Out = unknown> = Expression | ((record: In) => Out);

export interface ConfigField {
    readonly type: ConfigType;
    readonly doc: string;
    readonly required?: boolean;
    readonly default?: string | number | boolean;
    readonly secret?: boolean;
}

export type ConfigType = {
    readonly kind: "string";
    readonly oneOf?: readonly string[];
} | {
    readonly kind: "integer";
    readonly min?: number;
    readonly max?: number;
} | {
    readonly kind: "number";
    readonly min?: number;
    readonly max?: number;
} | {
    readonly kind: "boolean";
}
 | {
    readonly kind: "duration";
    readonly minMs?: number;
}
 | {
    readonly kind: "size";
    readonly minBytes?: number;
}
 | {
    readonly kind: "expression";
}
 | {
    readonly kind: "aggregate";
}
 | {
    readonly kind: "schema";
} | {
    readonly kind: "json";
} | {
    readonly kind: "list";
    readonly item: ConfigType;
    readonly min?: number;
}
 | {
    readonly kind: "map";
    readonly value: ConfigType;
} | {
    readonly kind: "object";
    readonly fields: Readonly<Record<string, ConfigField>>;
}
 | {
    readonly kind: "component";
    readonly of: ComponentKind;
}
 | {
    readonly kind: "either";
    readonly options: readonly ConfigType[];
};

export interface Counter {
    add(amount?: number): void;
    readonly value: number;
}

export interface Cursor {
    timestampMs: number;
    key: unknown;
    change: ChangeKind;
    index: number;
}

export type DataType = {
    readonly type: PrimitiveName;
    readonly nullable?: boolean;
} | {
    readonly type: "decimal";
    readonly precision: number;
    readonly scale: number;
    readonly nullable?: boolean;
} | {
    readonly type: "list";
    readonly element: DataType;
    readonly nullable?: boolean;
} | {
    readonly type: "map";
    readonly key: DataType;
    readonly value: DataType;
    readonly nullable?: boolean;
} | {
    readonly type: "any";
    readonly nullable?: boolean;
} | StructType;

export interface DeadLetterPolicy {
    readonly onReject?: "keep" | "fail";
    readonly maxRejected?: number;
    readonly maxBytes?: number;
}

export interface DecodeOutput {
    value(value: unknown, start: number, end: number): void;
    reject(error: StreamFlowError, start: number, end: number): void;
}

export interface Decoder {
    decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number;
    snapshot?(): string;
    restore?(state: string): void;
}

export interface DecoderFactory {
    readonly type: string;
    create(options: DecoderOptions): Decoder;
}

export interface DecoderOptions {
    readonly schema?: Schema;
    readonly projection: Projection;
    readonly maxRecordBytes: number;
}

export interface Disk {
    openRead(path: string): Promise<DiskFile>;
    openWrite(path: string): Promise<DiskFile>;
    createExclusive(path: string): Promise<DiskFile>;
    rename(from: string, to: string): Promise<void>;
    remove(path: string): Promise<void>;
    removeFolder(path: string): Promise<void>;
    list(folder: string): Promise<readonly string[]>;
    makeFolder(path: string): Promise<void>;
    stat(path: string): Promise<DiskStat | undefined>;
    syncFolder(path: string): Promise<void>;
}

export interface DiskFile {
    read(target: Uint8Array, offset: number, length: number, position: number): Promise<number>;
    write(bytes: Uint8Array, position?: number): Promise<void>;
    sync(): Promise<void>;
    truncate(sizeBytes: number): Promise<void>;
    size(): Promise<number>;
    close(): Promise<void>;
}

export interface DiskStat {
    readonly kind: "file" | "folder";
    readonly sizeBytes: number;
    readonly modifiedMs: number;
}

export type Emit = (value: unknown) => void;

export interface Encoder {
    readonly prologue?: Uint8Array;
    encode(value: unknown, out: ByteWriter): void;
}

export interface EncoderFactory {
    readonly type: string;
    create(options: {
        readonly schema?: Schema;
    }): Encoder;
}

export interface Environment {
    readonly clock: Clock;
    readonly random: Random;
    readonly disk: Disk;
    readonly logger: Logger;
    readonly metrics: Metrics;
    readonly secrets: Secrets;
    readonly budget: MemoryBudget;
    readonly faults?: FaultPlan;
}

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorCodeRow {
    readonly summary: string;
    readonly retryable: boolean;
    readonly hint?: string;
}

export interface ErrorDetails {
    readonly cause?: unknown;
    readonly hint?: string;
    readonly retryable?: boolean;
    readonly location?: SourceLocation;
    readonly context?: Readonly<Record<string, unknown>>;
}

export interface EventTime {
    readonly watermarkMs: number;
}

export type Expression = {
    readonly kind: "literal";
    readonly value: null | boolean | number | string | bigint;
}
 | {
    readonly kind: "field";
    readonly path: readonly string[];
} | {
    readonly kind: "unary";
    readonly operator: UnaryOperator;
    readonly operand: Expression;
} | {
    readonly kind: "binary";
    readonly operator: BinaryOperator;
    readonly left: Expression;
    readonly right: Expression;
} | {
    readonly kind: "conditional";
    readonly test: Expression;
    readonly then: Expression;
    readonly otherwise: Expression;
} | {
    readonly kind: "call";
    readonly function: string;
    readonly arguments: readonly Expression[];
} | {
    readonly kind: "member";
    readonly object: Expression;
    readonly name: string;
} | {
    readonly kind: "index";
    readonly object: Expression;
    readonly index: Expression;
} | {
    readonly kind: "list";
    readonly items: readonly Expression[];
} | {
    readonly kind: "object";
    readonly entries: readonly (readonly [name: string, value: Expression])[];
};

export interface ExpressionFunction {
    readonly name: string;
    readonly summary: string;
    readonly parameters: readonly {
        readonly name: string;
        readonly type: DataType;
        readonly optional?: boolean;
    }[];
    readonly variadic?: boolean;
    result(arguments_: readonly (DataType | undefined)[]): DataType | undefined;
    readonly pure: boolean;
    evaluate(...arguments_: unknown[]): unknown;
    readonly example: string;
}

export interface FaultPlan {
    reach(point: string): void | Promise<void>;
}

export interface Fence {
    readonly shard: ShardId;
    readonly generation: number;
}

export interface Field {
    readonly name: string;
    readonly type: DataType;
}

export interface FunctionTable {
    get(name: string): ExpressionFunction | undefined;
    names(): readonly string[];
}

export interface Gauge {
    set(value: number): void;
    readonly value: number;
}

export interface Histogram {
    record(value: number): void;
}

export interface Host {
    readonly environment: Environment;
    readonly registry: Registry;
    openStores(dataFolder: string): Promise<HostStores>;
}

export interface HostStores {
    readonly checkpoints: CheckpointStore;
    readonly leases: LeaseStore;
    readonly logs: LogStore;
    readonly metadata: MetadataStore;
}

export interface KeyShape {
    readonly type: DataType | undefined;
    readonly fields: readonly string[] | undefined;
    readonly coPartitioned: boolean;
}

export interface KeyedTable<V> {
    get(namespace: number, key: unknown): V | undefined;
    edit(namespace: number, key: unknown): V | undefined;
    set(namespace: number, key: unknown, value: V): void;
    delete(namespace: number, key: unknown): boolean;
    forEach(namespace: number, visit: (key: unknown, value: V) => void): void;
    drop(namespace: number): void;
    namespaces(): readonly number[];
    count(namespace: number): number;
}

export type Labels = Readonly<Record<string, string>>;

export interface LeaseRequest {
    readonly pipeline: string;
    readonly shards: readonly ShardId[];
    readonly owner: string;
    readonly ttlMs: number;
}

export interface LeaseStore {
    acquire(request: LeaseRequest): Promise<readonly Fence[]>;
    renew(request: LeaseRequest): Promise<{
        readonly lost: readonly ShardId[];
    }>;
    release(request: Omit<LeaseRequest, "ttlMs">): Promise<void>;
    close(): Promise<void>;
}

export type ListedCheckpoint = {
    readonly epoch: number;
    readonly byteLength: number;
    readonly checkpoint: Checkpoint;
} | {
    readonly epoch: number;
    readonly byteLength: number;
    readonly damaged: string;
};

export interface LogAppendOptions {
    readonly key?: string;
    readonly fence?: Fence;
}

export interface LogEntry {
    readonly cursor: number;
    readonly timeMs: number;
    readonly payload: Uint8Array;
}

export interface LogStore {
    append(name: string, entries: readonly Uint8Array[], options?: LogAppendOptions): Promise<number>;
    read(name: string, after: number, limit: number): Promise<readonly LogEntry[]>;
    count(name: string): Promise<number>;
    trim(name: string, upTo: number): Promise<void>;
    names(): Promise<readonly string[]>;
    close(): Promise<void>;
}

export interface Logger {
    debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
    info(message: string, fields?: Readonly<Record<string, unknown>>): void;
    warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
    error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface LogicalPlan {
    readonly config: PipelineConfig;
    readonly nodes: readonly PlanNode[];
    readonly edges: readonly PlanEdge[];
}

export interface MemoryBudget {
    readonly limitBytes: number;
    readonly usedBytes: number;
    tryTake(bytes: number, held: number): boolean;
    give(bytes: number): void;
    onFree(run: () => void): void;
}

export interface MetadataRecord {
    readonly id: string;
    readonly version: number;
    readonly document: unknown;
}

export interface MetadataStore {
    get(collection: string, id: string): Promise<MetadataRecord | undefined>;
    put(collection: string, id: string, document: unknown, expectedVersion?: number): Promise<number | undefined>;
    delete(collection: string, id: string): Promise<void>;
    list(collection: string): Promise<readonly MetadataRecord[]>;
    close(): Promise<void>;
}

export interface Metrics {
    counter(name: string, help: string, labels?: Labels): Counter;
    gauge(name: string, help: string, labels?: Labels): Gauge;
    histogram(name: string, help: string, labels?: Labels): Histogram;
}

export interface NodeShape {
    readonly outputs: Readonly<Record<string, Shape>>;
    readonly reads: readonly Projection[];
    readonly forwards: boolean;
    readonly deterministic: boolean;
    readonly stateful: boolean;
    readonly unboundedState?: string;
    readonly needsKey?: boolean;
    readonly needsTime?: boolean;
    readonly summary: string;
}

export interface Operator {
    readonly inputs: readonly Emit[];
    onTimer?(timeMs: number, namespace: number): void;
    onKeyTimer?(timeMs: number, key: unknown): void;
    onProcessingTimer?(timeMs: number, namespace: number): void;
    open?(loader: OperatorLoader): Promise<void>;
    restored?(): void;
    close?(): void;
}

export interface OperatorContext {
    readonly node: string;
    readonly cursor: Cursor;
    readonly emit: Emit;
    output(name: string): Emit;
    reject(error: StreamFlowError, value: unknown): void;
    readonly time: EventTime;
    readonly state: OperatorState;
    readonly timers: Timers;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly signal: AbortSignal;
    readonly inputShapes: readonly Shape[];
}

export interface OperatorDefinition<Config = never> {
    readonly type: string;
    readonly inputs?: readonly string[];
    readonly outputs?: readonly string[];
    readonly stateVersion?: number;
    shape(config: Config, inputs: readonly Shape[], context: PlanContext): NodeShape;
    create(config: Config, context: OperatorContext): Operator;
}

export interface OperatorLoader {
    readonly storedVersion: string | undefined;
    keepVersion(version: string): void;
    readAll(source: unknown, visit: (value: unknown) => void): Promise<void>;
}

export interface OperatorState {
    table<V>(name: string, serializer: Serializer<V>): KeyedTable<V>;
}

export interface PartitionAssignment {
    readonly partition: string;
    readonly generation: number;
    readonly commitToken?: unknown;
}

export interface PartitionEvents {
    assigned(partitions: readonly PartitionAssignment[]): Promise<ReadonlyMap<string, Position | undefined>>;
    revoked(partitions: readonly string[], deadlineMs: number): Promise<void>;
    lost(partitions: readonly string[]): void;
}

export interface PipelineConfig {
    readonly name: string;
    readonly batch?: {
        readonly maxRecords?: number;
        readonly maxBytes?: number;
        readonly maxDelayMs?: number;
    };
    readonly checkpoint?: {
        readonly everyMs?: number;
        readonly mode?: "sync" | "async";
        readonly keep?: number;
    };
    readonly restart?: RestartPolicy;
    readonly deadLetters?: DeadLetterPolicy;
    readonly unboundedState?: boolean;
    readonly maxDriftMs?: number;
}

export interface PlanContext {
    readonly node: string;
    readonly functions: FunctionTable;
}

export interface PlanEdge {
    readonly from: string;
    readonly output: string;
    readonly to: string;
    readonly input: string;
}

export interface PlanNode {
    readonly id: string;
    readonly named: boolean;
    readonly kind: "source" | "stage" | "sink";
    readonly type: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly source?: Source;
    readonly sink?: Sink;
    readonly definition?: AnyOperatorDefinition;
    readonly bridge?: (stream: AsyncIterable<unknown>) => AsyncIterable<unknown>;
}

export interface PollLimits {
    readonly maxRecords: number;
    readonly maxBytes: number;
}

export type PollResult = Batch | "idle" | "end";

export type Position = string;

export type PrimitiveName = "bool" | "int32" | "int64" | "float64" | "string" | "bytes" | "timestamp";

export type Projection = "all" | readonly (readonly string[])[];

export interface Random {
    next(): number;
}

export interface RawRecords {
    readonly bytes: Uint8Array;
    readonly starts: Int32Array | readonly number[];
    readonly ends: Int32Array | readonly number[];
}

export interface RecordIdentity {
    readonly shard: ShardId;
    readonly origin: string;
    readonly index: number;
}

export declare class Registry {
    #private;
    add(...specs: readonly ComponentSpec[]): this;
    addOperators(...definitions: readonly AnyOperatorDefinition[]): this;
    addFunctions(...functions: readonly ExpressionFunction[]): this;
    component<Kind extends ComponentKind>(kind: Kind, type: string): ComponentSpec<Kind>;
    components<Kind extends ComponentKind>(kind: Kind): readonly ComponentSpec<Kind>[];
    operator(type: string): AnyOperatorDefinition;
    operators(): readonly AnyOperatorDefinition[];
    get functions(): FunctionTable;
}

export interface Rejected {
    readonly beforeIndex: number;
    readonly position: Position;
    readonly error: StreamFlowError;
    readonly raw: Uint8Array | undefined;
    readonly truncated?: boolean;
}

export interface RestartPolicy {
    readonly maxRestarts?: number;
    readonly windowMs?: number;
    readonly initialDelayMs?: number;
    readonly maxDelayMs?: number;
}

export type Schema = DataType;

export interface Secrets {
    get(name: string): string | undefined;
}

export interface SegmentRef {
    readonly name: string;
    readonly byteLength: number;
    readonly checksum: string;
}

export interface Serializer<V> {
    readonly name: string;
    readonly version: number;
    write(value: V, out: StateOutput): void;
    read(from: StateInput, version: number): V;
}

export interface Shape {
    readonly schema: Schema | undefined;
    readonly key: KeyShape | undefined;
    readonly time: boolean;
    readonly changes: "insert" | "all";
}

export interface ShardCommit {
    readonly shard: ShardId;
    readonly generation: number;
    readonly epoch: number;
    readonly positions: Readonly<Record<string, Position>>;
}

export type ShardId = string;

export interface ShardManifest {
    readonly formatVersion: 1;
    readonly shard: ShardId;
    readonly epoch: number;
    readonly generation: number;
    readonly positions: Readonly<Record<string, Position>>;
    readonly progress: Readonly<Record<string, string | number | boolean>>;
    readonly state: readonly StateSegment[];
}

export interface ShardOwner {
    readonly shard: ShardId;
    readonly generation: number;
}

export interface Sink<In = unknown> {
    readonly type: string;
    readonly capabilities: SinkCapabilities;
    readonly config: Readonly<Record<string, unknown>>;
    readonly needs?: SinkNeeds;
    open(context: SinkContext): Promise<SinkSession>;
    readonly _in?: (value: In) => void;
}

export interface SinkBatch {
    readonly length: number;
    readonly values: readonly unknown[];
    readonly timestamps: Float64Array;
    readonly changes?: Uint8Array;
    identityAt(index: number): RecordIdentity;
}

export interface SinkCapabilities {
    readonly delivery: "transactional" | "idempotent" | "at-least-once";
    readonly commitOrder?: "store-first" | "sink-first";
}

export interface SinkCommit {
    readonly epoch: number;
    readonly shards: readonly ShardCommit[];
}

export interface SinkContext {
    readonly environment: Environment;
    readonly pipeline: string;
    readonly node: string;
    readonly schema: Schema | undefined;
    readonly keyFields: readonly string[] | undefined;
    readonly signal: AbortSignal;
}

export interface SinkNeeds {
    readonly fields?: readonly string[];
    readonly insertOnly?: boolean;
}

export interface SinkSession {
    write(batch: SinkBatch): void | Promise<void>;
    flush(): Promise<void>;
    prepare?(commit: SinkCommit): Promise<Uint8Array>;
    commitPrepared?(prepared: Uint8Array): Promise<void>;
    abortPrepared?(prepared: Uint8Array): Promise<void>;
    recover?(shards: readonly ShardOwner[]): Promise<readonly ShardCommit[]>;
    commitTransaction?(commit: SinkCommit): Promise<void>;
    discard?(): Promise<void>;
    close(): Promise<void>;
}

export interface Source<Out = unknown> {
    readonly type: string;
    readonly capabilities: SourceCapabilities;
    readonly config: Readonly<Record<string, unknown>>;
    readonly schema?: Schema;
    open(context: SourceContext): Promise<SourceSession>;
    readonly _out?: Out;
}

export interface SourceCapabilities {
    readonly replayable: boolean;
    readonly bounded: boolean;
    readonly deterministic: boolean;
}

export interface SourceContext {
    readonly environment: Environment;
    readonly node: string;
    readonly projection: Projection;
    readonly partitions: PartitionEvents;
    readonly signal: AbortSignal;
    readonly maxRejectedBytes: number;
    readonly limits: PollLimits;
}

export interface SourceLocation {
    readonly file?: string;
    readonly line?: number;
    readonly column?: number;
    readonly path?: string;
}

export interface SourceSession {
    poll(partition: string, limits: PollLimits): PollResult;
    ready(): Promise<void>;
    committed?(positions: ReadonlyMap<string, Position>): void | Promise<void>;
    progress?(): number | undefined;
    close(): Promise<void>;
}

export interface Stage<In = unknown, Out = unknown> {
    validate(config: PipelineConfig, shape?: Shape): Shape | void;
    process(stream: AsyncIterable<In>): AsyncIterable<Out>;
    readonly operator?: StageOperator;
}

export interface StageDescription {
    readonly type: string;
    readonly config: Readonly<Record<string, unknown>>;
    readonly id?: string;
}

export interface StageOperator {
    readonly description: StageDescription;
    readonly definition: AnyOperatorDefinition;
}

export interface StateInput {
    number(): number;
    value(): unknown;
}

export interface StateOutput {
    number(value: number): void;
    value(value: unknown): void;
}

export interface StateSegment {
    readonly node: string;
    readonly state: string;
    readonly serializer: string;
    readonly version: number;
    readonly segment: SegmentRef;
    readonly start: number;
    readonly end: number;
}

export declare class StreamFlowError extends Error {
    readonly code: AnyErrorCode;
    readonly hint: string | undefined;
    readonly retryable: boolean;
    readonly location: SourceLocation | undefined;
    readonly context: Readonly<Record<string, unknown>> | undefined;
    constructor(code: AnyErrorCode, message: string, details?: ErrorDetails);
    static is(error: unknown, code?: AnyErrorCode): error is StreamFlowError;
}

export interface StructType {
    readonly type: "struct";
    readonly fields: readonly Field[];
    readonly nullable?: boolean;
}

export interface Timers {
    setEvent(timeMs: number, namespace: number): void;
    clearEvent(timeMs: number, namespace: number): void;
    setEventForKey(timeMs: number, key: unknown): void;
    clearEventForKey(timeMs: number, key: unknown): void;
    setProcessing(timeMs: number, namespace: number): void;
}

export type UnaryOperator = "-" | "!" | "+";

export declare const errorCodes: {
    readonly SF_ABORTED: {
        readonly summary: "The work was cancelled by its caller.";
        readonly retryable: false;
    };
    readonly SF_INTERNAL: {
        readonly summary: "An invariant of StreamFlow itself does not hold: a bug.";
        readonly retryable: false;
        readonly hint: "report it with the message and the plan (streamflow explain --json)";
    };
    readonly SF_CONFIG_INVALID: {
        readonly summary: "A configuration value is unknown, of the wrong type or out of bounds.";
        readonly retryable: false;
    };
    readonly SF_PLAN_INVALID: {
        readonly summary: "The stages of a pipeline do not fit together.";
        readonly retryable: false;
    };
    readonly SF_PLAN_UNBOUNDED_STATE: {
        readonly summary: "The plan's state could grow for ever.";
        readonly retryable: false;
        readonly hint: "add a window or a time to live, or declare `unboundedState: true`";
    };
    readonly SF_PIPELINE_SEALED: {
        readonly summary: "A stage was added after the pipeline had started.";
        readonly retryable: false;
        readonly hint: "add all stages before the first execute() or run()";
    };
    readonly SF_PIPELINE_STAGE_REJECTED: {
        readonly summary: "A stage refused the configuration or the shape of its input.";
        readonly retryable: false;
    };
    readonly SF_LIFECYCLE_ILLEGAL: {
        readonly summary: "The operation is not legal in the pipeline's present state.";
        readonly retryable: false;
    };
    readonly SF_CLIENT_MISSING: {
        readonly summary: "An optional client library is not installed.";
        readonly retryable: false;
    };
    readonly SF_STAGE_FAILED: {
        readonly summary: "A user function or stage threw.";
        readonly retryable: false;
    };
    readonly SF_STAGE_PROMISE: {
        readonly summary: "A function that was declared synchronous returned a promise.";
        readonly retryable: false;
        readonly hint: "use mapAsync, or declare the function async";
    };
    readonly SF_EXPRESSION_INVALID: {
        readonly summary: "An expression is malformed, uses something not allowed, or has the wrong type.";
        readonly retryable: false;
    };
    readonly SF_EXPRESSION_FAILED: {
        readonly summary: "An expression failed on a record.";
        readonly retryable: false;
    };
    readonly SF_TYPE_MISMATCH: {
        readonly summary: "A value is not of the declared type.";
        readonly retryable: false;
    };
    readonly SF_KEY_INVALID: {
        readonly summary: "A key is missing, of a type that cannot be a key, or too large.";
        readonly retryable: false;
    };
    readonly SF_TIME_MISSING: {
        readonly summary: "A record has no usable event time.";
        readonly retryable: false;
    };
    readonly SF_TIME_FUTURE: {
        readonly summary: "A record's event time is further in the future than maxFutureMs allows.";
        readonly retryable: false;
    };
    readonly SF_WINDOW_INVALID: {
        readonly summary: "A window's size, slide, gap or offset is out of bounds.";
        readonly retryable: false;
    };
    readonly SF_SOURCE_FAILED: {
        readonly summary: "A source failed to open or to read.";
        readonly retryable: false;
    };
    readonly SF_SOURCE_CONNECT: {
        readonly summary: "A source lost or could not make its connection.";
        readonly retryable: true;
    };
    readonly SF_SOURCE_MISSING: {
        readonly summary: "A source's file or resource does not exist.";
        readonly retryable: false;
    };
    readonly SF_SOURCE_POSITION: {
        readonly summary: "A source cannot resume at the stored position.";
        readonly retryable: false;
        readonly hint: "the input was changed or truncated since the checkpoint; restore the input or start without the checkpoint";
    };
    readonly SF_CODEC_DECODE: {
        readonly summary: "The bytes of a record could not be decoded.";
        readonly retryable: false;
    };
    readonly SF_CODEC_ENCODE: {
        readonly summary: "A value could not be encoded.";
        readonly retryable: false;
    };
    readonly SF_RECORD_TOO_LARGE: {
        readonly summary: "A record is larger than the configured bound.";
        readonly retryable: false;
        readonly hint: "raise maxRecordBytes if such records are expected";
    };
    readonly SF_SCHEMA_INVALID: {
        readonly summary: "A schema is malformed.";
        readonly retryable: false;
    };
    readonly SF_SCHEMA_VIOLATION: {
        readonly summary: "A record does not satisfy its schema.";
        readonly retryable: false;
    };
    readonly SF_SINK_FAILED: {
        readonly summary: "A sink failed to open, write or commit.";
        readonly retryable: false;
    };
    readonly SF_SINK_UNAVAILABLE: {
        readonly summary: "A sink is not reachable at the moment.";
        readonly retryable: true;
    };
    readonly SF_SINK_PARTIAL: {
        readonly summary: "A part of a batch was not written.";
        readonly retryable: false;
    };
    readonly SF_SINK_FENCED: {
        readonly summary: "A newer owner of the shard has committed to the sink.";
        readonly retryable: false;
    };
    readonly SF_STATE_CORRUPT: {
        readonly summary: "Stored state fails its checksum or cannot be read.";
        readonly retryable: false;
    };
    readonly SF_STATE_INCOMPATIBLE: {
        readonly summary: "Stored state does not fit the present plan.";
        readonly retryable: false;
    };
    readonly SF_CHECKPOINT_FAILED: {
        readonly summary: "A checkpoint could not be completed.";
        readonly retryable: true;
    };
    readonly SF_CHECKPOINT_FENCED: {
        readonly summary: "A newer owner of the shard has taken over; this one may publish nothing any more.";
        readonly retryable: false;
    };
    readonly SF_CHECKPOINT_NONE: {
        readonly summary: "No usable checkpoint was found.";
        readonly retryable: false;
    };
    readonly SF_LEASE_HELD: {
        readonly summary: "Another process owns the pipeline's shards.";
        readonly retryable: true;
        readonly hint: "stop the other process, or wait until its lease has run out";
    };
    readonly SF_LEASE_LOST: {
        readonly summary: "The lease of a shard ran out or was taken over.";
        readonly retryable: false;
    };
    readonly SF_DISK_FULL: {
        readonly summary: "The disk is full.";
        readonly retryable: true;
        readonly hint: "free space; the pipeline resumes from its last checkpoint";
    };
    readonly SF_DISK_READ_ONLY: {
        readonly summary: "The folder or file cannot be written.";
        readonly retryable: false;
        readonly hint: "check the folder's permissions";
    };
    readonly SF_DISK_FAILED: {
        readonly summary: "A file operation failed.";
        readonly retryable: false;
    };
    readonly SF_BUDGET_EXCEEDED: {
        readonly summary: "One item alone is larger than the memory budget.";
        readonly retryable: false;
        readonly hint: "raise the host's memory budget";
    };
    readonly SF_RESTART_EXHAUSTED: {
        readonly summary: "The pipeline failed more often than its restart budget allows.";
        readonly retryable: false;
    };
    readonly SF_COMPONENT_UNKNOWN: {
        readonly summary: "No component of that type name is registered.";
        readonly retryable: false;
    };
    readonly SF_COMPONENT_DUPLICATE: {
        readonly summary: "A component of that type name is already registered.";
        readonly retryable: false;
    };
    readonly SF_SECRET_MISSING: {
        readonly summary: "A secret or environment variable is not set.";
        readonly retryable: false;
    };
};

export declare function isExpression(value: unknown): value is Expression;

export declare function nearest(name: string, known: readonly string[]): string | undefined;

export declare function rowsOf(batch: Batch): readonly unknown[];

export declare function toStreamFlowError(thrown: unknown, code: AnyErrorCode, what: string): StreamFlowError;
