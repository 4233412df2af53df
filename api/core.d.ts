// The public API of @streamflow/core. Written by pnpm api:update.

export type Adder = (batch: Pick<Batch, "length" | "columns">) => BatchTotals | undefined;

export interface AggregateCall {
    readonly kind: "aggregate";
    readonly function: string;
    readonly arguments: readonly Compute[];
}

export type AnyErrorCode = ErrorCode | `EXT_${string}`;

export type AnyOperatorDefinition = OperatorDefinition<never>;

export interface AsyncWork {
    call(value: unknown, signal: AbortSignal): unknown;
    answered(result: unknown, value: unknown): void;
    failed(thrown: unknown, value: unknown): void;
    readonly concurrency: number;
    readonly ordered: boolean;
}

export interface BackoffPolicy {
    readonly initialDelayMs?: number;
    readonly maxDelayMs?: number;
    readonly factor?: number;
}

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
    readonly totals?: BatchTotals;
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

export interface BatchTotals {
    readonly watermarkMs: number;
    readonly dueMs: number;
    readonly content: Float64Array;
}

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "&&" | "||" | "??";

export interface BrokerSetting {
    readonly type: string;
    readonly field: string;
    readonly variable: string;
    readonly example: string;
}

export interface ByteWriter {
    text(text: string): void;
    bytes(bytes: Uint8Array): void;
    readonly length: number;
}

export type CancelTimer = () => void;

export type CanonicalKey = string | number | bigint | boolean | null;

export interface Capability {
    readonly status: CapabilityStatus;
    readonly code?: AnyErrorCode;
    readonly reason?: string;
    readonly hint?: string;
}

export type CapabilityStatus = "enabled" | "unconfigured" | "not-installed" | "disabled" | "planned";

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

export interface CheckpointContent {
    readonly createdMs: number;
    readonly plan: Checkpoint["plan"];
    readonly shards: readonly ShardDraft[];
    readonly prepared?: Checkpoint["prepared"];
}

export interface CheckpointDraft {
    readonly epoch: number;
    writeStates(states: readonly StateBytes[]): Promise<readonly StateSegment[]>;
    writePrepared(bytes: Uint8Array): Promise<SegmentRef>;
    publish(content: CheckpointContent): Promise<Checkpoint>;
    abandon(): Promise<void>;
}

export interface CheckpointResult {
    readonly epoch: number;
    readonly durationMs: number;
    readonly pauseMs: number;
    readonly stateBytes: number;
    readonly stateBytesOf: ReadonlyMap<string, number>;
}

export interface CheckpointStore {
    writeSegment(pipeline: string, bytes: Uint8Array): Promise<SegmentRef>;
    readSegment(pipeline: string, ref: SegmentRef): Promise<Uint8Array>;
    fence(pipeline: string, fences: readonly Fence[]): Promise<void>;
    publish(pipeline: string, checkpoint: Checkpoint): Promise<void>;
    list(pipeline: string): Promise<readonly ListedCheckpoint[]>;
    discard?(pipeline: string, segments: readonly SegmentRef[]): Promise<void>;
    rest?(pipeline: string): void;
    prune(pipeline: string, keep: number, named: readonly number[]): Promise<void>;
    drop?(pipeline: string): Promise<void>;
    pipelines(): Promise<readonly string[]>;
    close(): Promise<void>;
}

export interface CheckpointWriter {
    takeOver(fences: readonly Fence[]): Promise<void>;
    letGo(shards: readonly ShardId[]): void;
    keepFor(sink: string, epochs: readonly number[]): void;
    noteEpoch(epoch: number): void;
    begin(): CheckpointDraft;
}

export interface CheckpointWriterOptions {
    readonly store: CheckpointStore;
    readonly pipeline: string;
    readonly fences: readonly Fence[];
    readonly logger: Logger;
    readonly keep?: number;
}

export interface Checkpointing {
    open(options: CheckpointWriterOptions): Promise<CheckpointWriter>;
    recover(request: RecoveryRequest): Promise<Recovered>;
}

export interface ChoiceCode {
    readonly routes: readonly ChoiceRoute[];
    readonly isFirst: boolean;
    readonly otherwise: string;
    readonly fail: (thrown: unknown) => StreamFlowError;
}

export interface ChoiceRoute {
    readonly computed: CompiledCompute;
    readonly isTrue: (value: unknown) => boolean;
    readonly use: string;
}

export declare class CircuitBreaker {
    #private;
    constructor(options: CircuitBreakerOptions);
    get state(): "closed" | "open" | "half-open";
    run<T>(work: () => Promise<T>): Promise<T>;
}

export interface CircuitBreakerOptions {
    readonly clock: Clock;
    readonly what: string;
    readonly failureThreshold?: number;
    readonly resetMs?: number;
    readonly isFailure?: (error: unknown) => boolean;
}

export interface ClientPackage {
    readonly type: string;
    readonly packages: readonly string[];
    readonly install: string;
    readonly resolve: (name: string) => unknown;
}

export interface Clock {
    nowMs(): number;
    monotonicMs(): number;
    setTimer(delayMs: number, run: () => void): CancelTimer;
    soon(run: () => void): void;
}

export interface CodeScope {
    bind(value: unknown): string;
    temporary(): string;
}

export interface Column {
    readonly name: string;
    readonly values: Float64Array | Int32Array | BigInt64Array | Uint8Array | readonly unknown[];
    readonly valid?: Uint8Array;
    readonly texts?: Texts;
}

export interface ColumnOutput extends DecodeOutput {
    readonly columns: readonly FilledColumn[];
    readonly starts: Int32Array;
    readonly ends: Int32Array;
    length: number;
    readonly capacity: number;
    grow(): void;
}

export interface CommitObserver {
    committed(partitions: readonly CommittedPartition[]): Promise<void>;
}

export type CommittedEpochs = ReadonlyMap<ShardId, number>;

export interface CommittedPartition {
    readonly source: string;
    readonly partition: string;
    readonly position: Position;
    readonly generation: number;
    readonly epoch: number;
}

export type CompatibilityMode = "none" | "backward" | "backward-transitive" | "forward" | "forward-transitive" | "full" | "full-transitive";

export interface CompatibilityProblem {
    readonly version: number;
    readonly reader: "new" | "present";
    readonly message: string;
}

export interface CompileOptions extends ExpressionContext {
    readonly form?: "code" | "closures";
}

export interface CompiledCompute {
    readonly type: DataType | undefined;
    readonly fields: Projection;
    readonly isExpression: boolean;
    readonly isPure: boolean;
    readonly evaluate: (record: unknown) => unknown;
    readonly code: (record: RecordCode, scope: TextScope) => string;
    readonly facts?: () => FunctionFacts | undefined;
    readonly explain: (thrown: unknown) => unknown;
}

export interface CompiledExpression {
    readonly type: DataType | undefined;
    readonly fields: Projection;
    readonly isPure: boolean;
    readonly evaluate: (record: unknown) => unknown;
    readonly code: (record: RecordCode, scope: TextScope) => string;
    readonly explain: (thrown: unknown) => unknown;
}

export interface ComponentCapability extends Capability {
    readonly kind: "source" | "sink";
    readonly type: string;
    readonly summary: string;
    readonly isEnabled: boolean;
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

export interface ComponentReference {
    readonly type: string;
    readonly config: Readonly<Record<string, unknown>>;
}

export interface ComponentSpec<Kind extends ComponentKind = ComponentKind> {
    readonly kind: Kind;
    readonly type: string;
    readonly summary: string;
    readonly fields: Readonly<Record<string, ConfigField>>;
    readonly example: string;
    create(config: Readonly<Record<string, unknown>>, context: ComponentContext): ComponentProducts[Kind];
    capability?(environment: Environment): Capability;
}

export type Compute<In = never, Out = unknown> = Expression | ((record: In) => Out);

export interface ComputeCode {
    readonly computed: CompiledCompute;
    readonly fail: (thrown: unknown) => StreamFlowError;
    readonly quick: (value: string) => string;
    readonly check: (value: unknown) => unknown;
    readonly use: (value: string) => string;
}

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

export declare class Coordinator {
    #private;
    constructor(options: RunOptions);
    add(plan: LogicalPlan): PipelineRun;
    get(name: string): PipelineRun | undefined;
    get runs(): readonly PipelineRun[];
    remove(name: string): void;
    stop(): void;
}

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

export interface DeadLetter {
    readonly pipeline: string;
    readonly node: string;
    readonly partition?: string | undefined;
    readonly position?: Position | undefined;
    readonly code: string;
    readonly message: string;
    readonly path?: string | undefined;
    readonly timeMs: number;
    readonly raw: Uint8Array;
    readonly truncated: boolean;
    readonly source?: string | undefined;
    readonly entry?: DeadLetterEntry | undefined;
    readonly replayOf?: number | undefined;
    readonly key?: string | undefined;
}

export interface DeadLetterEntry {
    readonly state: string;
    readonly timestampMs: number | null;
    readonly change: number;
    readonly identity?: RecordIdentity | undefined;
}

export interface DeadLetterPolicy {
    readonly onReject?: "keep" | "fail";
    readonly maxRejected?: number;
    readonly maxBytes?: number;
}

export interface DeadlineOptions {
    readonly clock: Clock;
    readonly timeoutMs: number;
    readonly what: string;
    readonly signal?: AbortSignal;
}

export interface DecodeOutput {
    value(value: unknown, start: number, end: number): void;
    reject(error: StreamFlowError, start: number, end: number, raw?: Uint8Array): void;
}

export interface DecodedColumn {
    readonly name: string;
    readonly form: "numbers" | "nullableNumbers" | "texts" | "values";
}

export interface Decoder {
    decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number;
    readonly columns?: readonly DecodedColumn[];
    decodeColumns?(bytes: Uint8Array, from: number, to: number, last: boolean, out: ColumnOutput): number;
    snapshot?(): string;
    restore?(state: string): void;
}

export interface DecoderFactory {
    readonly type: string;
    readonly lineThreads?: ThreadDecoder;
    create(options: DecoderOptions): Decoder;
}

export interface DecoderOptions {
    readonly schema?: Schema;
    readonly projection: Projection;
    readonly columns?: boolean;
    readonly texts?: boolean;
    readonly maxRecordBytes: number;
}

export interface DeliverOptions {
    readonly capabilities: Pick<SinkCapabilities, "delivery">;
    readonly clock: Clock;
    readonly random: Random;
    readonly signal: AbortSignal;
    readonly maxAttempts: number;
    readonly backoff?: BackoffPolicy;
    readonly reject?: (error: StreamFlowError, value: unknown, identity: RecordIdentity, about: RejectedAbout) => void;
}

export interface DeliveryPolicy {
    readonly commitPolicy?: "required" | "all" | "quorum";
    readonly required?: readonly string[];
    readonly quorum?: number;
    readonly maxBacklogBytes?: number;
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
    readNow?(target: Uint8Array, offset: number, length: number, position: number): number | undefined;
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

export interface DroppedState {
    readonly node: string;
    readonly why: string;
}

export type Emit = (value: unknown) => void;

export interface EmittedRecords {
    readonly length: number;
    readonly columns: readonly Column[];
    readonly timestamps: Float64Array;
    readonly keyColumn: number;
}

export interface Encoder {
    readonly prologue?: Uint8Array;
    encode(value: unknown, out: ByteWriter): void;
    encodeColumns?(columns: readonly Column[], range: {
        readonly from: number;
        readonly to: number;
    }, out: ByteWriter): number;
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
    readonly settings?: Settings;
    readonly faults?: FaultPlan;
    readonly threads?: Threads;
    readonly stdin?: () => AsyncIterable<Uint8Array>;
    readonly stdout?: OutputStream;
}

export interface EpochBatchBounds {
    readonly batchRecords: number;
    readonly batchBytes: number;
}

export declare class EpochOutput {
    #private;
    constructor(bounds: EpochBatchBounds);
    get byteLength(): number;
    add(batch: SinkBatch): void;
    addRecord(batch: SinkBatch, index: number): void;
    seal(epoch: number): Uint8Array | undefined;
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

export interface EventTimeConfig {
    readonly timestamp: Compute;
    readonly outOfOrdernessMs?: number;
    readonly idleAfterMs?: number;
    readonly maxFutureMs?: number;
}

export interface EventTimeOptions<Value> extends Omit<EventTimeConfig, "timestamp"> {
    readonly timestamp: Expression | ((value: Value) => number | bigint | string | Date);
}

export interface ExecutorProgress {
    readonly recordsIn: number;
    readonly recordsOut: number;
    readonly late: number;
    readonly rejected: number;
    readonly watermarkMs: number | undefined;
    readonly stateEntries: number;
    readonly epoch: number;
    readonly lastCheckpointMs: number | undefined;
    readonly fraction: number | undefined;
    readonly busyMs: number;
    readonly backpressuredMs: number;
    readonly idleMs: number;
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

export type ExpressionBuilder = Expression & ExpressionMethods;

export interface ExpressionContext {
    readonly schema?: Schema | undefined;
    readonly functions: FunctionTable;
}

export interface ExpressionFunction {
    readonly name: string;
    readonly summary: string;
    readonly parameters: readonly {
        readonly name: string;
        readonly type: DataType | readonly DataType[];
        readonly optional?: boolean;
    }[];
    readonly variadic?: boolean;
    result(arguments_: readonly (DataType | undefined)[]): DataType | undefined;
    readonly pure: boolean;
    readonly same?: readonly DataType["type"][];
    check?(literals: readonly unknown[]): void;
    evaluate(this: void, ...arguments_: unknown[]): unknown;
    readonly example: string;
}

export interface ExpressionMethods {
    plus(other: Operand): ExpressionBuilder;
    minus(other: Operand): ExpressionBuilder;
    times(other: Operand): ExpressionBuilder;
    dividedBy(other: Operand): ExpressionBuilder;
    remainder(other: Operand): ExpressionBuilder;
    eq(other: Operand): ExpressionBuilder;
    ne(other: Operand): ExpressionBuilder;
    lt(other: Operand): ExpressionBuilder;
    lte(other: Operand): ExpressionBuilder;
    gt(other: Operand): ExpressionBuilder;
    gte(other: Operand): ExpressionBuilder;
    and(other: Operand): ExpressionBuilder;
    or(other: Operand): ExpressionBuilder;
    not(): ExpressionBuilder;
    negated(): ExpressionBuilder;
    orElse(other: Operand): ExpressionBuilder;
    isNull(): ExpressionBuilder;
    isNotNull(): ExpressionBuilder;
    choose(whenTrue: Operand, whenFalse: Operand): ExpressionBuilder;
    member(name: string): ExpressionBuilder;
    item(index: Operand): ExpressionBuilder;
    toString(): string;
}

export type Fate = "restart" | "fail";

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

export type FilledColumn = Float64Array | NullableNumbers | TextStore | unknown[];

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
    readonly sharedStores?: string | undefined;
    openStores(dataFolder: string): Promise<HostStores>;
}

export interface HostLogOptions {
    readonly format?: "text" | "json";
    readonly level?: "debug" | "info" | "warn" | "error";
    readonly stream?: {
        write(text: string): unknown;
        readonly writableLength?: number;
    };
}

export interface HostModule {
    createHost(options?: HostOptions): Host | Promise<Host>;
}

export interface HostOptions {
    readonly log?: HostLogOptions;
    readonly variables?: Readonly<Record<string, string | undefined>>;
}

export interface HostStores {
    readonly checkpoints: CheckpointStore;
    readonly checkpointing: Checkpointing;
    readonly leases: LeaseStore;
    readonly logs: LogStore;
    readonly metadata: MetadataStore;
    readonly observe?: (run: ObservedRun) => CommitObserver | undefined;
}

export type Infer<Type extends DataType> = DataType extends Type ? unknown : Type extends {
    readonly nullable: true;
} ? InferPresent<Type> | null : InferPresent<Type>;

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

export declare class Latch {
    #private;
    get isOpen(): boolean;
    open(): void;
    wait(): Promise<void>;
}

export interface LeaseHolder {
    readonly name: string;
    readonly heldShards: readonly ShardId[];
    lost(shards: readonly ShardId[]): void;
}

export declare class LeaseKeeper {
    #private;
    readonly owner: string;
    readonly leaseMs: number;
    constructor(parts: LeaseKeeperParts);
    add(holder: LeaseHolder): void;
    remove(holder: LeaseHolder): void;
}

export interface LeaseKeeperParts {
    readonly environment: Environment;
    readonly store: LeaseStore;
    readonly owner: string;
    readonly leaseMs: number;
}

export interface LeaseRequest {
    readonly pipeline: string;
    readonly shards: readonly ShardId[];
    readonly owner: string;
    readonly ttlMs: number;
    readonly above?: number;
}

export interface LeaseStore {
    acquire(request: LeaseRequest): Promise<readonly Fence[]>;
    renew(request: LeaseRequest): Promise<{
        readonly lost: readonly ShardId[];
    }>;
    release(request: Omit<LeaseRequest, "ttlMs">): Promise<void>;
    keepAlive?(request: Pick<LeaseRequest, "owner" | "ttlMs">): Promise<boolean>;
    close(): Promise<void>;
}

export declare class Lifecycle extends StateMachine<LifecycleState> {
    constructor(name: string);
}

export type LifecycleListener = MoveListener<LifecycleState>;

export type LifecycleState = "created" | "starting" | "running" | "paused" | "draining" | "restarting" | "finished" | "stopped" | "failed";

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
    readonly keys?: readonly (string | undefined)[];
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

export interface MadeRecord {
    readonly names: readonly string[] | undefined;
    readonly carried: ReadonlyMap<string, string>;
}

export interface MapOrderedOptions {
    readonly concurrency: number;
    readonly signal?: AbortSignal;
}

export interface MemoryBudget {
    readonly limitBytes: number;
    readonly usedBytes: number;
    tryTake(bytes: number, held: number): boolean;
    give(bytes: number): void;
    onFree(run: () => void): void;
}

export interface MergeOptions {
    readonly maxBufferedItems?: number;
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

export interface MetricName {
    readonly name: string;
    readonly kind: "counter" | "gauge" | "histogram";
    readonly help: string;
    readonly labels: readonly string[];
}

export interface Metrics {
    counter(name: string, help: string, labels?: Labels): Counter;
    gauge(name: string, help: string, labels?: Labels): Gauge;
    histogram(name: string, help: string, labels?: Labels): Histogram;
}

export type MoveListener<State extends string> = (to: State, from: State) => void;

export type Moves<State extends string> = Readonly<Record<State, readonly State[]>>;

export interface NodeOptions {
    readonly id?: string;
}

export interface NodeShape {
    readonly outputs: Readonly<Record<string, Shape>>;
    readonly reads: readonly Projection[];
    readonly forwards: boolean | readonly string[];
    readonly deterministic: boolean;
    readonly stateful: boolean;
    readonly unboundedState?: string;
    readonly asynchronous?: boolean;
    readonly needsKey?: boolean;
    readonly needsTime?: boolean;
    readonly addsUp?: boolean;
    readonly summary: string;
}

export declare class NullableNumbers {
    values: Float64Array;
    valid: Uint8Array;
    constructor(values: Float64Array, valid: Uint8Array);
    put(index: number, value: unknown): void;
    column(name: string, length: number): Column;
    grow(capacity: number): void;
}

export interface NumberSpace {
    slotOf(key: unknown): number;
    slotFor(key: unknown): number;
    slotForNumber(key: number): number;
    slotOfText(bytes: DataView, start: number, end: number): number;
    slotForText(bytes: DataView, start: number, end: number): number;
    readonly columns: readonly Float64Array[];
    readonly extras: Map<number, unknown>;
    remove(slot: number): void;
    slots(): Int32Array;
    inOrder(slots: number[]): number[];
    readonly size: number;
    keyAt(slot: number): unknown;
    textsOf(slots: Int32Array): Texts | undefined;
    keyReader(): (slot: number) => unknown;
    forEach(visit: (key: unknown, slot: number) => void): void;
}

export interface NumberTable {
    get(namespace: number): NumberSpace | undefined;
    open(namespace: number): NumberSpace;
    drop(namespace: number): void;
    namespaces(): readonly number[];
}

export interface NumberTableOptions {
    readonly columns: number;
    readonly format: string;
    readonly version?: number;
    readonly isDerived?: boolean;
}

export interface ObservedRun {
    readonly pipeline: string;
    readonly sources: readonly {
        readonly node: string;
        readonly source: Source;
    }[];
}

export type Operand = ExpressionBuilder | Expression | null | boolean | number | string | bigint;

export interface Operator {
    readonly inputs: readonly Emit[];
    code?(record: RecordCode, task: TaskCode): string;
    readonly totals?: OperatorTotals;
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
    emitAll(records: EmittedRecords): void;
    reject(error: StreamFlowError, value: unknown): void;
    readonly time: EventTime;
    readonly state: OperatorState;
    readonly timers: Timers;
    readonly asynchronous: (work: AsyncWork) => Emit;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
    readonly signal: AbortSignal;
    readonly inputShapes: readonly Shape[];
    readonly functions: FunctionTable;
}

export interface OperatorDefinition<Config = never> {
    readonly type: string;
    readonly inputs?: readonly string[];
    readonly outputs?: readonly string[] | ((config: Config) => readonly string[]);
    readonly stateVersion?: number;
    readonly threads?: (config: Config) => URL | undefined;
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
    numbers(name: string, options: NumberTableOptions): NumberTable;
}

export interface OperatorTotals {
    take(): Omit<BatchTotals, "watermarkMs"> | undefined;
    add(totals: BatchTotals): boolean;
}

export interface OutputStream {
    write(bytes: Uint8Array, done: (error?: Error | null) => void): boolean;
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
    failed?(error: unknown): void;
}

export declare class PartitionLifecycle extends StateMachine<PartitionState> {
    constructor(name: string);
}

export type PartitionState = "assigned" | "revoking" | "released" | "lost" | "finished";

export interface PhysicalNode {
    readonly node: PlanNode;
    readonly scope: Scope;
    readonly source: string | undefined;
    readonly inputShapes: readonly Shape[];
    readonly shape: NodeShape | undefined;
    readonly outputShapes: Readonly<Record<string, Shape>>;
    readonly incoming: readonly PlanEdge[];
    readonly outgoing: readonly PlanEdge[];
    readonly exchanged: boolean;
}

export interface PhysicalPlan {
    readonly logical: LogicalPlan;
    readonly nodes: readonly PhysicalNode[];
    readonly tasks: readonly PhysicalTask[];
    readonly projections: ReadonlyMap<string, Projection>;
    readonly sharding: "partition" | "key-group";
    readonly shardingReason: string;
    readonly guarantees: readonly SinkGuarantee[];
    readonly fingerprints: Readonly<Record<string, string>>;
}

export interface PhysicalTask {
    readonly name: string;
    readonly scope: Scope;
    readonly nodes: readonly string[];
}

export declare class Pipeline<In = unknown, Out = In> {
    #private;
    readonly config: PipelineConfig;
    constructor(config: PipelineConfig, options?: PipelineOptions, view?: PipelineView);
    from<Read>(source: Source<Read>, options?: NodeOptions): Pipeline<Read, Read>;
    addStage<Next>(stage: Stage<Out, Next>, options?: NodeOptions): Pipeline<In, Next>;
    to(sink: Sink<Out>, options?: NodeOptions): this;
    branch(build: (branch: Pipeline<In, Out>) => unknown): this;
    side<Side = unknown>(output: string, build: (side: Pipeline<In, Side>) => unknown): this;
    union(...others: readonly Pipeline<never, Out>[]): this;
    join<Right, Next>(right: Pipeline<never, Right>, stage: Stage<Out, Next>, options?: NodeOptions): Pipeline<In, Next>;
    plan(): LogicalPlan;
    get shape(): Shape;
    execute(source: AsyncIterable<In> | Iterable<In>): AsyncGenerator<Out>;
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
    readonly delivery?: DeliveryPolicy;
    readonly unboundedState?: boolean;
    readonly maxDriftMs?: number;
    readonly parallelism?: number;
}

export interface PipelineOptions {
    readonly functions?: FunctionTable;
}

export declare class PipelineRun implements LeaseHolder {
    #private;
    readonly lifecycle: Lifecycle;
    constructor(plan: LogicalPlan, options: RunOptions, leases?: LeaseKeeper);
    get plan(): PhysicalPlan;
    get name(): string;
    get state(): LifecycleState;
    get lastError(): StreamFlowError | undefined;
    get restarts(): number;
    progress(): ExecutorProgress | undefined;
    get isAsleep(): boolean;
    get heldShards(): readonly ShardId[];
    lost(shards: readonly ShardId[]): void;
    run(): Promise<RunResult>;
    stop(): void;
    pause(): Promise<void>;
    resume(): void;
    checkpoint(): Promise<CheckpointResult>;
    withCommitted<Result>(use: (committed: CommittedEpochs) => Promise<Result>): Promise<Result>;
    get isQuiescent(): boolean;
}

export type Plain = null | boolean | number | string | readonly Plain[] | {
    readonly [name: string]: Plain;
};

export declare class PlanBuilder {
    #private;
    readonly config: PipelineConfig;
    readonly functions: FunctionTable;
    constructor(config: PipelineConfig, functions: FunctionTable);
    addSource(source: Source, id?: string): Tail;
    addStage(part: StagePart, inputs: Readonly<Record<string, readonly Tail[]>>, id?: string): Tail;
    addSink(sink: Sink, inputs: readonly Tail[], id?: string): void;
    merge(other: PlanBuilder): void;
    shapeOf(tail: Tail): Shape;
    tail(node: string, output: string): Tail;
    has(node: string): boolean;
    build(): LogicalPlan;
}

export interface PlanChange {
    readonly node: string;
    readonly change: "kept" | "migrated" | "changed" | "replaced" | "dropped" | "new";
    readonly state: "kept" | "lost" | "none";
    readonly reason: string;
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

export interface RecordCode extends RecordFrame {
    readonly value: string;
    readonly rare: string;
    field(name: string): string | undefined;
    part(names: ReadonlySet<string>): string | undefined;
    isField(expression: string): boolean;
    under(frame: Partial<RecordFrame>): RecordCode;
}

export interface RecordFrame {
    readonly time: string;
    readonly key: string;
    readonly change: string;
}

export interface RecordIdentity {
    readonly shard: ShardId;
    readonly origin: string;
    readonly index: number;
}

export interface Recovered {
    readonly shards: ReadonlyMap<ShardId, RecoveredShard>;
    readonly newestEpoch: number;
    readonly prepared: ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>;
    readonly orphans: readonly Checkpoint[];
}

export interface RecoveredShard {
    readonly manifest: ShardManifest;
    readonly states: readonly StoredState[];
    readonly checkpoint: Checkpoint;
}

export interface RecoveryRequest {
    readonly store: CheckpointStore;
    readonly pipeline: string;
    readonly shards: readonly ShardId[];
    readonly logger: Logger;
    readonly plan?: {
        readonly fingerprints: Readonly<Record<string, string>>;
    };
    readonly acceptEpochs?: (epoch: number, shard: ShardId) => boolean;
}

export interface RegisteredSchema {
    readonly id: number;
    readonly subject: string;
    readonly version: number;
    readonly schema: SchemaText;
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

export interface RejectedAbout {
    readonly timestampMs: number;
    readonly change: number;
    readonly raw: Uint8Array | undefined;
}

export interface ReplayResult {
    readonly replayed: number;
    readonly refused: number;
    readonly left: number;
}

export interface RestartPolicy {
    readonly maxRestarts?: number;
    readonly windowMs?: number;
    readonly initialDelayMs?: number;
    readonly maxDelayMs?: number;
}

export interface RetryOptions extends BackoffPolicy {
    readonly clock: Clock;
    readonly random: Random;
    readonly signal?: AbortSignal;
    readonly maxAttempts?: number;
    readonly maxElapsedMs?: number;
    readonly isRetryable?: (error: unknown) => boolean;
    readonly onRetry?: (error: unknown, retry: number, delayMs: number) => void;
}

export interface RunOptions {
    readonly environment: Environment;
    readonly stores: HostStores;
    readonly functions?: FunctionTable;
    readonly owner?: string;
    readonly leaseMs?: number;
    readonly sleepAfterMs?: number;
    readonly replayed?: (result: ReplayResult) => void;
    readonly atEnd?: (committed: CommittedEpochs) => Promise<void>;
}

export interface RunResult {
    readonly end: RunEnd;
    readonly restarts: number;
}

export interface SavedShard {
    readonly shard: ShardId;
    readonly epoch: number;
    readonly generation: number;
    readonly positions: ShardManifest["positions"];
    readonly progress: ShardManifest["progress"];
    readonly states: readonly StateBytes[];
}

export interface Savepoint {
    readonly pipeline: string;
    readonly createdMs: number;
    readonly plan: Readonly<Record<string, string>>;
    readonly shards: readonly SavedShard[];
    readonly backlog: ReadonlyMap<string, Uint8Array>;
}

export interface SavepointFit {
    readonly kept: readonly string[];
    readonly fresh: readonly string[];
    readonly dropped: readonly DroppedState[];
}

export interface SavepointInfo {
    readonly name: string;
    readonly pipeline: string;
    readonly createdMs: number;
    readonly epoch: number;
    readonly byteLength: number;
    readonly shards: number;
    readonly nodes: readonly string[];
    readonly backlog: Readonly<Record<string, number>>;
}

export interface SavepointStart {
    readonly savepoint: Savepoint;
    readonly plan: PhysicalPlan;
    readonly stores: HostStores;
    readonly environment: Pick<Environment, "clock" | "random" | "logger" | "faults">;
    readonly allowDropped?: boolean;
    readonly backlog?: "send" | "drop";
}

export interface SavepointStarted extends SavepointFit {
    readonly isRepeated: boolean;
}

export declare class Savepoints {
    #private;
    constructor(stores: Pick<HostStores, "checkpoints" | "checkpointing" | "metadata">, environment: Pick<Environment, "clock" | "random" | "logger" | "faults">);
    add(name: string, savepoint: Savepoint): Promise<SavepointInfo>;
    checkFree(name: string): Promise<void>;
    list(): Promise<readonly SavepointInfo[]>;
    get(name: string): Promise<Savepoint>;
    remove(name: string): Promise<void>;
}

export type Schema = DataType;

export interface SchemaReference {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
}

export interface SchemaRegistry {
    register(subject: string, schema: SchemaText): Promise<RegisteredSchema>;
    byId(id: number): Promise<SchemaText | undefined>;
    version(subject: string, version: number): Promise<RegisteredSchema | undefined>;
    latest(subject: string): Promise<RegisteredSchema | undefined>;
    versions(subject: string): Promise<readonly number[]>;
    subjects(): Promise<readonly string[]>;
    check(subject: string, schema: SchemaText): Promise<readonly CompatibilityProblem[]>;
    mode(subject: string): Promise<CompatibilityMode>;
    setMode(subject: string, mode: CompatibilityMode): Promise<void>;
    close(): Promise<void>;
}

export interface SchemaRules {
    canonical(schema: SchemaText): string;
    problems(reader: SchemaText, writer: SchemaText): readonly string[];
}

export interface SchemaText {
    readonly format: string;
    readonly text: string;
    readonly references?: readonly SchemaReference[];
}

export type Scope = "partition" | "shared";

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

export interface Settings {
    get(name: string): string | undefined;
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

export interface ShardDraft {
    readonly shard: ShardId;
    readonly positions: Readonly<Record<string, Position>>;
    readonly progress: ShardManifest["progress"];
    readonly state: readonly StateSegment[];
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

export declare class Signal {
    #private;
    raise(): void;
    wait(): Promise<void>;
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
    readonly columns?: readonly Column[];
    readonly timestamps: Float64Array;
    readonly changes?: Uint8Array;
    readonly shard?: ShardId;
    identityAt(index: number): RecordIdentity;
    rawAt?(index: number): Uint8Array | undefined;
}

export interface SinkCapabilities {
    readonly delivery: "transactional" | "idempotent" | "at-least-once";
    readonly commitOrder?: "store-first" | "sink-first";
    readonly remembersCommits?: boolean;
    readonly reason?: string;
}

export interface SinkCommit {
    readonly epoch: number;
    readonly shards: readonly ShardCommit[];
    readonly commitTokens?: ReadonlyMap<ShardId, unknown>;
}

export interface SinkContext {
    readonly environment: Environment;
    readonly pipeline: string;
    readonly node: string;
    readonly schema: Schema | undefined;
    readonly keyFields: readonly string[] | undefined;
    readonly signal: AbortSignal;
    readonly reject?: (error: StreamFlowError, value: unknown, identity: RecordIdentity) => void;
}

export interface SinkGuarantee {
    readonly sink: string;
    readonly guarantee: "exactly-once" | "at-least-once" | "at-most-once";
    readonly reason: string;
}

export interface SinkNeeds {
    readonly fields?: readonly string[];
    readonly insertOnly?: boolean;
}

export interface SinkSession {
    readonly readsColumns?: boolean;
    wantsBarrier?(): boolean;
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

export interface SnapshotPart {
    readonly namespace: string;
    readonly pages: AsyncIterable<readonly StateEntry[]>;
}

export interface Source<Out = unknown> {
    readonly type: string;
    readonly capabilities: SourceCapabilities;
    readonly config: Readonly<Record<string, unknown>>;
    readonly schema?: Schema;
    readonly followsBroker?: boolean;
    readonly parallelism?: number;
    readonly decoder?: DecoderFactory;
    decoderState?(position: Position): string;
    open(context: SourceContext): Promise<SourceSession>;
    readonly _out?: Out;
}

export interface SourceCapabilities {
    readonly replayable: boolean;
    readonly bounded: boolean;
    readonly deterministic: boolean;
    readonly singlePartition?: boolean;
    readonly shared?: boolean;
    readonly parallel?: boolean;
}

export interface SourceContext {
    readonly environment: Environment;
    readonly node: string;
    readonly projection: Projection;
    readonly columns?: boolean;
    readonly parallelism?: number;
    readonly adder?: ThreadAdder;
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

export interface SourceOptions extends ExpressionContext {
    readonly scope: CodeScope;
    readonly field?: (name: string) => string | undefined;
    readonly isDefined?: (text: string) => boolean;
    readonly textOf?: (text: string) => TextCode | undefined;
    readonly asCondition?: boolean;
}

export declare class SourceScope implements CodeScope {
    #private;
    bind(value: unknown): string;
    temporary(): string;
    get bindings(): readonly (readonly [name: string, value: unknown])[];
    get declarations(): string;
}

export interface SourceSession {
    poll(partition: string, limits: PollLimits): PollResult;
    ready(): Promise<void>;
    committed?(positions: ReadonlyMap<string, Position>): void | Promise<void>;
    sleep?(wake: () => void): boolean;
    progress?(): number | undefined;
    close(): Promise<void>;
}

export interface Stage<In = unknown, Out = In> {
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

export interface StagePart {
    readonly description: StageDescription;
    readonly definition?: AnyOperatorDefinition;
    readonly bridge?: (stream: AsyncIterable<unknown>) => AsyncIterable<unknown>;
}

export interface StateBytes {
    readonly node: string;
    readonly state: string;
    readonly serializer: string;
    readonly version: number;
    readonly bytes: Uint8Array;
}

export interface StateEntry {
    readonly key: Uint8Array;
    readonly value: Uint8Array;
}

export interface StateInput {
    number(): number;
    value(): unknown;
}

export declare class StateMachine<State extends string> {
    #private;
    constructor({ kind, name, moves, initial }: StateMachineOptions<State>);
    get state(): State;
    can(to: State): boolean;
    move(to: State, operation: string): void;
    require(states: readonly State[], operation: string): void;
    onMove(listener: MoveListener<State>): () => void;
}

export interface StateMachineOptions<State extends string> {
    readonly kind: string;
    readonly name: string;
    readonly moves: Moves<State>;
    readonly initial: State;
}

export interface StateOutput {
    number(value: number): void;
    value(value: unknown): void;
}

export interface StateRange {
    readonly from?: Uint8Array;
    readonly to?: Uint8Array;
}

export declare class StateReader implements StateInput {
    #private;
    constructor(bytes: Uint8Array);
    get atEnd(): boolean;
    frame(): StateReader;
    number(): number;
    value(): unknown;
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

export interface StateSnapshot {
    readonly namespaces: readonly string[];
    read(): AsyncIterable<Uint8Array>;
    close(): Promise<void>;
}

export interface StateStore {
    readonly isDurable: boolean;
    get(namespace: string, key: Uint8Array): Promise<Uint8Array | undefined>;
    getMany(namespace: string, keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
    put(namespace: string, key: Uint8Array, value: Uint8Array): Promise<void>;
    delete(namespace: string, key: Uint8Array): Promise<void>;
    batch(writes: readonly StateWrite[]): Promise<void>;
    scan(namespace: string, range?: StateRange): AsyncIterable<readonly StateEntry[]>;
    namespaces(): Promise<readonly string[]>;
    clear(namespace: string): Promise<void>;
    snapshot(namespaces?: readonly string[]): Promise<StateSnapshot>;
    restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
    flush(): Promise<void>;
    close(): Promise<void>;
}

export interface StateWrite {
    readonly namespace: string;
    readonly key: Uint8Array;
    readonly value?: Uint8Array;
}

export declare class StateWriter implements StateOutput {
    #private;
    get length(): number;
    finish(): Uint8Array;
    number(value: number): void;
    value(value: unknown): void;
    beginFrame(): number;
    endFrame(start: number): void;
}

export interface StoredEntry {
    readonly namespace: number;
    readonly key: unknown;
    readonly parts: readonly unknown[];
}

export interface StoredState {
    readonly entry: StateSegment;
    readonly bytes: Uint8Array;
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

export interface Tail {
    readonly node: string;
    readonly output: string;
}

export interface TakeOptions {
    readonly stores: Pick<HostStores, "checkpoints" | "checkpointing">;
    readonly environment: Pick<Environment, "clock" | "logger">;
    readonly pipeline: string;
    readonly committed: ReadonlyMap<ShardId, number>;
}

export interface TaskCode extends CodeScope {
    textOf(expression: string): TextCode | undefined;
    emit(record: RecordCode, output?: string): string;
    emitFields(fields: ReadonlyMap<string, string>, frame: RecordFrame, numbers?: ReadonlySet<string>): string;
    emitValue(value: string, frame: RecordFrame, made?: MadeRecord): string;
    reject(record: RecordCode, error: string): string;
    closure(record: RecordCode): string;
}

export interface TextCode {
    readonly bytes: string;
    readonly start: string;
    readonly end: string;
}

export declare class TextColumn implements Column {
    #private;
    readonly name: string;
    readonly texts: Texts;
    constructor(name: string, texts: Texts);
    get values(): readonly unknown[];
}

export interface TextPlaces extends Pick<Texts, "bytes" | "starts" | "ends" | "others"> {
    readonly from?: number;
    readonly used?: number;
}

export type TextScope = CodeScope & Partial<Pick<TaskCode, "textOf">>;

export declare class TextStore {
    #private;
    bytes: DataView;
    starts: Int32Array;
    ends: Int32Array;
    others: unknown[];
    used: number;
    constructor(capacity: number);
    copy(index: number, bytes: DataView, start: number, end: number): void;
    place(index: number, bytes: DataView, start: number, end: number): void;
    take(index: number, bytes: DataView, start: number, end: number): void;
    put(index: number, value: unknown): void;
    own(length: number): void;
    column(name: string, length: number): Column;
    grow(capacity: number): void;
    clear(length: number): void;
}

export interface Texts {
    readonly bytes: DataView;
    readonly starts: Int32Array;
    readonly ends: Int32Array;
    readonly others: readonly unknown[];
    at(index: number): unknown;
    slice(from: number, to: number): Texts;
}

export interface Thread {
    post(message: unknown): void;
    close(): Promise<void>;
}

export interface ThreadAdder {
    readonly module: string;
    readonly name: string;
    readonly options: unknown;
}

export interface ThreadContext {
    readonly disk: Disk;
    post(message: unknown): void;
    listen(handle: (message: unknown) => void): void;
}

export interface ThreadDecoder {
    readonly module: string;
    readonly name: string;
    readonly options: unknown;
}

export interface ThreadEvents {
    message(message: unknown): void;
    failed(error: unknown): void;
}

export type ThreadProgram = (context: ThreadContext) => void;

export interface Threads {
    start(program: URL, events: ThreadEvents): Thread;
}

export interface Timers {
    setEvent(timeMs: number, namespace: number): void;
    clearEvent(timeMs: number, namespace: number): void;
    setEventForKey(timeMs: number, key: unknown): void;
    clearEventForKey(timeMs: number, key: unknown): void;
    setProcessing(timeMs: number, namespace: number): void;
}

export interface TypeConstructors {
    bool(): Primitive<"bool">;
    int32(): Primitive<"int32">;
    int64(): Primitive<"int64">;
    float64(): Primitive<"float64">;
    string(): Primitive<"string">;
    bytes(): Primitive<"bytes">;
    timestamp(): Primitive<"timestamp">;
    decimal(precision: number, scale: number): {
        readonly type: "decimal";
        readonly precision: number;
        readonly scale: number;
    };
    list<Element extends DataType>(element: Element): {
        readonly type: "list";
        readonly element: Element;
    };
    map<Key extends DataType, Value extends DataType>(key: Key, value: Value): {
        readonly type: "map";
        readonly key: Key;
        readonly value: Value;
    };
    any(): {
        readonly type: "any";
        readonly nullable: true;
    };
    struct<const Fields extends Readonly<Record<string, DataType>>>(fields: Fields): StructOf<Fields>;
}

export type UnaryOperator = "-" | "!" | "+";

export declare function abortError(signal: AbortSignal, what?: string): StreamFlowError;

export declare function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, what?: string): Promise<T>;

export declare function backoffDelayMs(policy: BackoffPolicy, retry: number, random: Random): number;

export declare function brokerCapability(setting: BrokerSetting, { settings }: Pick<Environment, "settings">): Capability | undefined;

export declare function canonicalDecimal(text: string, precision: number, scale: number): string | undefined;

export declare function canonicalKey(key: unknown): CanonicalKey;

export declare function canonicalPlan(plan: LogicalPlan): Plain;

export declare function capabilitiesOf(registry: Registry, environment: Environment): readonly ComponentCapability[];

export declare function checkExpressionShape(expression: unknown): Expression;

export declare function checkKeyType(type: DataType): void;

export declare function checkParallelism(parallelism: number, what: string): void;

export declare function checkSchema(schema: unknown): Schema;

export declare function checksumOf(bytes: Uint8Array): string;

export declare function childController(parent: AbortSignal | undefined): {
    readonly controller: AbortController;
    readonly unlink: () => void;
};

export declare function choiceCode({ routes, isFirst, otherwise, fail }: ChoiceCode, record: RecordCode, task: TaskCode): string;

export declare function clientCapability({ type, packages, install, resolve }: ClientPackage): Capability | undefined;

export declare function coerceJson(value: unknown, type: DataType): unknown;

export declare function coerceText(text: string, type: DataType): unknown;

export declare function compareDecimals(a: string, b: string): number;

export declare function compareValues(a: unknown, b: unknown, type?: DataType): number;

export declare function compileCompute(compute: Compute, schema: Schema | undefined, functions: FunctionTable): CompiledCompute;

export declare function compileExpression(expression: Expression, options: CompileOptions): CompiledExpression;

export declare function computeCode({ computed, fail, quick, check, use }: ComputeCode, record: RecordCode, task: TaskCode): string;

export declare function conform(value: unknown, type: DataType): unknown;

export declare function crc32c(bytes: Uint8Array, previous?: number): number;

export declare function deadLetterLog(pipeline: string): string;

export declare function deadline<T>(work: (signal: AbortSignal) => Promise<T>, options: DeadlineOptions): Promise<T>;

export declare function decodeDeadLetter(bytes: Uint8Array): DeadLetter;

export declare function decodeStateSnapshot(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<{
    readonly namespace: string;
    readonly entries: readonly StateEntry[];
}, void, void>;

export declare function deliver(session: SinkSession, batch: SinkBatch, options: DeliverOptions): void | Promise<void>;

export declare function describeFunctions(functions: readonly ExpressionFunction[]): string;

export declare function describeSavepoint(name: string, { pipeline, createdMs, plan, shards, backlog }: Savepoint): SavepointInfo;

export declare function describeValue(value: unknown): string;

export declare function diffPlans(before: LogicalPlan, after: LogicalPlan, functions?: FunctionTable): readonly PlanChange[];

export declare function encodeDeadLetter(letter: DeadLetter): Uint8Array;

export declare function encodeStateSnapshot(parts: Iterable<SnapshotPart> | AsyncIterable<SnapshotPart>): AsyncGenerator<Uint8Array, void, void>;

export declare function equalTypes(a: DataType, b: DataType): boolean;

export declare function equalValues(a: unknown, b: unknown, type?: DataType): boolean;

export declare const errorCodes: {
    readonly SF_ABORTED: {
        readonly summary: "The work was cancelled by its caller.";
        readonly retryable: false;
    };
    readonly SF_TIMEOUT: {
        readonly summary: "The work took longer than it was allowed to.";
        readonly retryable: true;
    };
    readonly SF_CIRCUIT_OPEN: {
        readonly summary: "A service that kept failing is left alone for a while.";
        readonly retryable: true;
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
    readonly SF_PIPELINE_UNKNOWN: {
        readonly summary: "The host has no pipeline of that name.";
        readonly retryable: false;
    };
    readonly SF_REQUEST_INVALID: {
        readonly summary: "A request to the host is malformed, too large, or not taken there.";
        readonly retryable: false;
    };
    readonly SF_CLIENT_MISSING: {
        readonly summary: "An optional client library is not installed.";
        readonly retryable: false;
    };
    readonly SF_STREAMING_DISABLED: {
        readonly summary: "A source or sink that follows a broker was opened in a process in which streaming is switched off.";
        readonly retryable: false;
    };
    readonly SF_BROKER_UNCONFIGURED: {
        readonly summary: "Streaming is switched on, and neither the pipeline nor the process names a broker.";
        readonly retryable: false;
    };
    readonly SF_COMPONENT_PLANNED: {
        readonly summary: "The type of a source or sink is known, and it is not built yet.";
        readonly retryable: false;
    };
    readonly SF_STAGE_FAILED: {
        readonly summary: "A user function or stage threw.";
        readonly retryable: false;
    };
    readonly SF_STAGE_PROMISE: {
        readonly summary: "A function that was declared synchronous returned a promise.";
        readonly retryable: false;
        readonly hint: "let a `mapAsync` stage in front of it wait for the answer";
    };
    readonly SF_REJECT_LIMIT: {
        readonly summary: "More records were rejected than the pipeline allows.";
        readonly retryable: false;
        readonly hint: "look at the dead letters, or raise deadLetters.maxRejected";
    };
    readonly SF_ROUTE_NONE: {
        readonly summary: "No route of a router takes a record.";
        readonly retryable: false;
        readonly hint: "add a route, or give the router an `otherwise` output";
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
    readonly SF_LOOKUP_MISSING: {
        readonly summary: "A record found nothing in a lookup that it requires.";
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
        readonly hint: "check the path: in a pipeline file it is meant from that file's folder";
    };
    readonly SF_PARTITION_LOST: {
        readonly summary: "A partition was taken away without notice; nothing of it may be committed any more.";
        readonly retryable: true;
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
        readonly summary: "A schema is malformed, or the columns of a file cannot have it.";
        readonly retryable: false;
    };
    readonly SF_SCHEMA_INCOMPATIBLE: {
        readonly summary: "A new version of a schema does not fit the earlier ones of its subject.";
        readonly retryable: false;
        readonly hint: "give new fields a default, or set another compatibility mode for the subject";
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
    readonly SF_SINK_REJECTED: {
        readonly summary: "The target of a sink refused a record, and would refuse it again.";
        readonly retryable: false;
    };
    readonly SF_SINK_FENCED: {
        readonly summary: "A newer owner of the shard has committed to the sink.";
        readonly retryable: false;
        readonly hint: "another process has taken over; or the data folder was removed and the output kept: bring it back, or remove the output too";
    };
    readonly SF_STATE_CORRUPT: {
        readonly summary: "Stored state fails its checksum or cannot be read.";
        readonly retryable: false;
    };
    readonly SF_STATE_INCOMPATIBLE: {
        readonly summary: "Stored state does not fit the present plan.";
        readonly retryable: false;
    };
    readonly SF_STORE_UNAVAILABLE: {
        readonly summary: "The database that holds checkpoints, leases, logs and documents is not reachable at the moment.";
        readonly retryable: true;
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

export declare function eventTime<Value>(options: EventTimeOptions<Value>, node?: {
    readonly id?: string;
}): Stage<Value, Value>;

export declare const eventTimeOperator: OperatorDefinition<EventTimeConfig>;

export declare function explainCode(plan: PhysicalPlan, functions: FunctionTable): string;

export declare function explainJson(plan: PhysicalPlan): Readonly<Record<string, unknown>>;

export declare function explainMermaid(plan: PhysicalPlan): string;

export declare function explainText(plan: PhysicalPlan): string;

export declare function expressionFields(expression: Expression): Projection;

export declare function expressionType(expression: Expression, context: ExpressionContext): DataType | undefined;

export declare function fateOf(error: unknown, rejectPolicy: "keep" | "fail" | undefined): Fate;

export declare function field(...path: readonly string[]): ExpressionBuilder;

export declare function firstOf(...hindrances: readonly (Capability | undefined)[]): Capability;

export declare function fitsInt64(value: bigint): boolean;

export declare function fn(name: string, ...arguments_: readonly Operand[]): ExpressionBuilder;

export declare function formatAggregate(call: AggregateCall): string;

export declare function formatExpression(expression: Expression): string;

export declare function formatTimestamp(timestampMs: number): string;

export declare function formatType(type: DataType | undefined): string;

export declare function functionTable(functions: readonly ExpressionFunction[]): FunctionTable;

export declare function gateCapability(type: string, environment: Pick<Environment, "settings">): Capability | undefined;

export declare function generatedFunction(parameters: readonly string[], body: string): (...values: readonly unknown[]) => unknown;

export declare function generatedNodeId(type: string, taken: {
    has(id: string): boolean;
}): string;

export declare function hashCanonical(key: CanonicalKey): number;

export declare function hashKey(key: unknown): number;

export declare function hashText(text: string): string;

export declare function isAbort(error: unknown): boolean;

export declare function isExpression(value: unknown): value is Expression;

export declare function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>>;

export declare function isSavepointPath(text: string): boolean;

export declare function isSavepointPlace(name: string): boolean;

export declare function isStreamingEnabled({ settings }: Pick<Environment, "settings">): boolean;

export declare function isTimestamp(value: unknown): value is number;

export declare const keyGroupCount = 128;

export declare function keyGroupOf(key: unknown): number;

export declare function keyGroupOfCanonical(key: CanonicalKey): number;

export declare function keyOf(type?: DataType): (key: unknown) => CanonicalKey;

export declare const lifecycleMoves: Moves<LifecycleState>;

export declare function list(...items: readonly Operand[]): ExpressionBuilder;

export declare function lit(value: null | boolean | number | string | bigint): ExpressionBuilder;

export declare function mapOrdered<In, Out>(source: AsyncIterable<In> | Iterable<In>, map: (item: In) => Promise<Out> | Out, { concurrency, signal }: MapOrderedOptions): AsyncGenerator<Out, void, undefined>;

export declare const maxExpressionDepth = 500;

export declare const maxInt64: bigint;

export declare const maxKeyBytes = 65536;

export declare const maxTimestampMs = 8640000000000000;

export declare function mayGenerateCode(): boolean;

export declare function memoryBudget(limitBytes: number): MemoryBudget;

export declare function merge<T>(sources: readonly AsyncIterable<T>[], options?: MergeOptions): AsyncGenerator<T, void, undefined>;

export declare function mergeProjections(projections: readonly Projection[]): Projection;

export declare const metricNames: {
    readonly recordsIn: {
        readonly name: "streamflow_records_in_total";
        readonly kind: "counter";
        readonly help: "Records that a node has received.";
        readonly labels: readonly ["pipeline", "node"];
    };
    readonly recordsOut: {
        readonly name: "streamflow_records_out_total";
        readonly kind: "counter";
        readonly help: "Records that a node has emitted, on all outputs.";
        readonly labels: readonly ["pipeline", "node"];
    };
    readonly rejected: {
        readonly name: "streamflow_rejected_total";
        readonly kind: "counter";
        readonly help: "Records that a node could not process.";
        readonly labels: readonly ["pipeline", "node"];
    };
    readonly late: {
        readonly name: "streamflow_late_total";
        readonly kind: "counter";
        readonly help: "Records that came after every window they belong to was closed.";
        readonly labels: readonly ["pipeline", "node"];
    };
    readonly taskBusy: {
        readonly name: "streamflow_task_busy_ms_total";
        readonly kind: "counter";
        readonly help: "Milliseconds in which a task processed records.";
        readonly labels: readonly ["pipeline", "task"];
    };
    readonly taskBackpressured: {
        readonly name: "streamflow_task_backpressured_ms_total";
        readonly kind: "counter";
        readonly help: "Milliseconds in which a task waited for a sink, a consumer or calls under way.";
        readonly labels: readonly ["pipeline", "task"];
    };
    readonly taskIdle: {
        readonly name: "streamflow_task_idle_ms_total";
        readonly kind: "counter";
        readonly help: "Milliseconds in which a task waited for input.";
        readonly labels: readonly ["pipeline", "task"];
    };
    readonly watermarkLag: {
        readonly name: "streamflow_watermark_lag_ms";
        readonly kind: "gauge";
        readonly help: "Wall time minus the watermark of a node, in milliseconds.";
        readonly labels: readonly ["pipeline", "node"];
    };
    readonly checkpoints: {
        readonly name: "streamflow_checkpoints_total";
        readonly kind: "counter";
        readonly help: "Checkpoints that were completed.";
        readonly labels: readonly ["pipeline"];
    };
    readonly checkpointsFailed: {
        readonly name: "streamflow_checkpoints_failed_total";
        readonly kind: "counter";
        readonly help: "Checkpoints that were given up.";
        readonly labels: readonly ["pipeline"];
    };
    readonly checkpointDuration: {
        readonly name: "streamflow_checkpoint_duration_ms";
        readonly kind: "histogram";
        readonly help: "From the barrier to the durable checkpoint, in milliseconds.";
        readonly labels: readonly ["pipeline"];
    };
    readonly checkpointPause: {
        readonly name: "streamflow_checkpoint_pause_ms";
        readonly kind: "histogram";
        readonly help: "Time of a checkpoint in which no record is processed: up to its barrier, in milliseconds.";
        readonly labels: readonly ["pipeline"];
    };
    readonly checkpointBytes: {
        readonly name: "streamflow_checkpoint_bytes";
        readonly kind: "gauge";
        readonly help: "Size of the last checkpoint, in bytes.";
        readonly labels: readonly ["pipeline"];
    };
    readonly checkpointAge: {
        readonly name: "streamflow_checkpoint_age_ms";
        readonly kind: "gauge";
        readonly help: "Time since the last completed checkpoint, in milliseconds.";
        readonly labels: readonly ["pipeline"];
    };
    readonly restarts: {
        readonly name: "streamflow_restarts_total";
        readonly kind: "counter";
        readonly help: "Restarts after a failure.";
        readonly labels: readonly ["pipeline"];
    };
    readonly stateBytes: {
        readonly name: "streamflow_state_bytes";
        readonly kind: "gauge";
        readonly help: "State of a node in the last checkpoint, in bytes.";
        readonly labels: readonly ["pipeline", "node"];
    };
    readonly backlogBytes: {
        readonly name: "streamflow_sink_backlog_bytes";
        readonly kind: "gauge";
        readonly help: "Output that waits for a sink which epochs do not wait for, in bytes.";
        readonly labels: readonly ["pipeline", "node"];
    };
};

export declare const minInt64: bigint;

export declare function nearest(name: string, known: readonly string[]): string | undefined;

export declare const nodeIdPattern: RegExp;

export declare function nullable<Type extends DataType>(type: Type): Type & {
    readonly nullable: true;
};

export declare function onAbort(signal: AbortSignal | undefined, run: (signal: AbortSignal) => void): () => void;

export declare function operatorStage<In, Out>(definition: AnyOperatorDefinition, description: StageDescription): Stage<In, Out>;

export declare function parseTimestamp(text: string): number | undefined;

export declare const partitionMoves: Moves<PartitionState>;

export declare function pipelineOfDeadLetterLog(log: string): string | undefined;

export declare function plainOf(value: unknown): Plain;

export declare function plainSerializer<V>(): Serializer<V>;

export declare function planPipeline(logical: LogicalPlan, functions: FunctionTable): PhysicalPlan;

export declare function planProblems(logical: LogicalPlan, functions: FunctionTable): readonly StreamFlowError[];

export declare function plannedCapability(type: string, instead: string): Capability;

export declare function programBeside(name: string, moduleUrl: string): URL;

export declare function propertyName(name: string): string;

export declare function readEpoch(sealed: Uint8Array): Generator<SinkBatch>;

export declare function readSavepointFile(path: string, disk: Disk): Promise<Savepoint>;

export declare function readTable(bytes: Uint8Array): Generator<StoredEntry>;

export declare function record(fields: Readonly<Record<string, Operand>>): ExpressionBuilder;

export declare function requireBroker(setting: BrokerSetting, given: string | undefined, environment: Pick<Environment, "settings">): string;

export declare function requireStreaming(type: string, environment: Pick<Environment, "settings">): void;

export declare function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T>;

export declare function rowsOf(batch: Batch): readonly unknown[];

export declare function samePlan(a: LogicalPlan, b: LogicalPlan): boolean;

export declare function savepointName(pipeline: string, nowMs: number): string;

export declare function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void>;

export declare const standardFunctionTable: FunctionTable;

export declare const standardFunctions: readonly ExpressionFunction[];

export declare function startFromSavepoint(start: SavepointStart): Promise<SavepointStarted>;

export declare const streamingVariable = "FLOW_STREAMING_ENABLED";

export declare const t: TypeConstructors;

export declare function takeSavepoint({ stores, environment, pipeline, committed }: TakeOptions): Promise<Savepoint>;

export declare function textColumnOf(name: string, places: TextPlaces): Column;

export declare function throwIfAborted(signal: AbortSignal | undefined, what?: string): void;

export declare function toInt64(value: string | number | bigint): bigint | undefined;

export declare function toJson(value: unknown, type?: DataType): unknown;

export declare function toSource(expression: Expression, recordVariable: string, options: SourceOptions): string;

export declare function toStreamFlowError(thrown: unknown, code: AnyErrorCode, what: string): StreamFlowError;

export declare function withoutNull(type: DataType): DataType;

export declare function writeSavepointFile(savepoint: Savepoint, path: string, { disk, random, faults }: Pick<Environment, "disk" | "random" | "faults">): Promise<void>;
