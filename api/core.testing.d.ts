// The public API of @streamflow/core/testing. Written by pnpm api:update.

export declare const ABORT: unique symbol;

export declare class Broker {
    #private;
    constructor(options?: BrokerOptions);
    get partitions(): readonly string[];
    source<Out = unknown>(member?: string): Source<Out>;
    push(partition: string, records: readonly unknown[]): void;
    end(...partitions: readonly string[]): void;
    give(partition: string, member: string): void;
    move(partition: string, to: string): Promise<void>;
    take(partition: string, to: string): Promise<void>;
    takeSilently(partition: string, to: string): Promise<void>;
}

export interface BrokerOptions {
    readonly partitions?: readonly string[];
    readonly schema?: Schema;
    readonly bounded?: boolean;
    readonly shared?: boolean;
    readonly canSleep?: boolean;
}

export declare class ByteList implements ByteWriter {
    #private;
    get length(): number;
    text(text: string): void;
    bytes(bytes: Uint8Array): void;
    toBytes(): Uint8Array;
}

export interface CheckpointStoreHarness<Storage> extends StoreHarness<CheckpointStore, Storage> {
    damageSegment?(storage: Storage, pipeline: string, ref: SegmentRef): void | Promise<void>;
    damageCheckpoint?(storage: Storage, pipeline: string, epoch: number): void | Promise<void>;
}

export interface ClockHarness {
    create(): Clock;
    pass(clock: Clock, ms: number): Promise<void>;
    setWall?(clock: Clock, nowMs: number): void;
}

export interface ConformanceCase {
    readonly id: string;
    readonly name: string;
    readonly requires?: string;
    readonly isSkipped: boolean;
    run(this: void): Promise<void>;
}

export interface DecoderHarness {
    readonly decoder: DecoderFactory;
    readonly schema?: Schema;
    readonly sample: DecoderSample;
    readonly malformed?: DecoderSample;
    readonly tooLarge?: DecoderSample & {
        readonly maxRecordBytes: number;
    };
    readonly isStream?: boolean;
}

export interface DecoderSample {
    readonly bytes: Uint8Array;
    readonly results: readonly unknown[];
}

export interface DiskHarness {
    create(): DiskUnderTest | Promise<DiskUnderTest>;
    readonly capabilities: {
        readonly crash: boolean;
        readonly fill: boolean;
        readonly forbid: boolean;
    };
}

export type DiskOperation = "open" | "create" | "read" | "write" | "sync" | "truncate" | "rename" | "remove" | "list" | "makeFolder" | "stat" | "syncFolder";

export interface DiskUnderTest {
    readonly disk: Disk;
    readonly folder: string;
    crash?(this: void, seed: number): Disk | Promise<Disk>;
    fill?(this: void, roomBytes: number): void;
    forbid?(this: void): void;
    dispose?(): void | Promise<void>;
}

export interface DriverEnds {
    source<Out = unknown>(name?: string): Source<Out>;
    sink<In = unknown>(name?: string, kind?: RecordingSinkKind): Sink<In>;
}

export interface DriverOptions {
    readonly build: (ends: DriverEnds) => {
        plan(): LogicalPlan;
    } | LogicalPlan;
    readonly brokers?: Readonly<Record<string, BrokerOptions>>;
    readonly functions?: FunctionTable;
    readonly seed?: number;
    readonly budgetBytes?: number;
    readonly sleepAfterMs?: number;
    readonly faults?: FaultPlan;
    readonly stores?: (environment: Environment) => HostStores | Promise<HostStores>;
    readonly disk?: () => Disk;
}

export declare const EOF: unique symbol;

export interface Emitted {
    readonly value: unknown;
    readonly timestampMs: number;
    readonly key: unknown;
    readonly change: ChangeKind;
}

export interface EncoderHarness {
    readonly encoder: EncoderFactory;
    readonly decoder: DecoderFactory;
    readonly schema?: Schema;
    readonly values: readonly unknown[];
    readonly refused?: readonly unknown[];
    readonly isStream?: boolean;
}

export type Guarantee = 
"barrier"
 | "commit-after-publish"
 | "sink-decides"
 | "positions-in-transaction"
 | "fence"
 | "newest-aborts"
 | "late-rule"
 | "calls-awaited";

export interface HarnessSnapshot {
    readonly tables: readonly TableSnapshot[];
    readonly keyTimers: readonly (readonly [timeMs: number, key: unknown])[];
    readonly watermarkMs: number;
    readonly nowMs: number;
    readonly version: string | undefined;
}

export interface HostHarness {
    create(): Host | Promise<Host>;
    folder(): string | Promise<string>;
    dispose?(): void | Promise<void>;
}

export declare class InProcessThreads implements Threads {
    #private;
    started: number;
    constructor(options: InProcessThreadsOptions);
    get running(): number;
    prepare(program: URL): Promise<void>;
    start(program: URL, events: ThreadEvents): Thread;
}

export interface InProcessThreadsOptions {
    readonly disk: Disk;
    readonly onMessage?: (message: unknown) => void;
}

export interface LeaseStoreHarness<Storage> extends StoreHarness<LeaseStore, Storage> {
    advance(storage: Storage, byMs: number): void;
    readonly keepsAlive?: boolean;
}

export interface LogLine {
    readonly level: "debug" | "info" | "warn" | "error";
    readonly message: string;
    readonly fields: Readonly<Record<string, unknown>>;
}

export interface LoggerHarness {
    readonly capabilities: {
        readonly learn: boolean;
        readonly fail: boolean;
    };
    create(): LoggerUnderTest;
}

export interface LoggerUnderTest {
    readonly logger: Logger;
    lines(this: void): readonly string[];
    learn?(this: void, secret: string): void;
    fail?(this: void): void;
}

export declare class ManualClock implements Clock {
    #private;
    constructor(options?: ManualClockOptions);
    nowMs(): number;
    monotonicMs(): number;
    setTimer(delayMs: number, run: () => void): CancelTimer;
    soon(run: () => void): void;
    get pendingTimers(): number;
    get nextTimerInMs(): number | undefined;
    advance(byMs: number): void;
    advanceAsync(byMs: number): Promise<void>;
    advanceToNext(): Promise<boolean>;
    setWall(nowMs: number): void;
}

export interface ManualClockOptions {
    readonly startMs?: number;
}

export declare class MemoryCheckpointStorage {
    #private;
    get names(): readonly string[];
    of(name: string): Pipeline;
    forget(name: string): void;
    nextSegmentName(): string;
    damageSegment(pipeline: string, ref: SegmentRef): void;
    damageCheckpoint(pipeline: string, epoch: number): void;
}

export declare class MemoryCheckpointStore implements CheckpointStore {
    #private;
    constructor(storage?: MemoryCheckpointStorage);
    writeSegment(pipeline: string, bytes: Uint8Array): Promise<SegmentRef>;
    readSegment(pipeline: string, ref: SegmentRef): Promise<Uint8Array>;
    fence(pipeline: string, fences: readonly Fence[]): Promise<void>;
    publish(pipeline: string, checkpoint: Checkpoint): Promise<void>;
    list(pipeline: string): Promise<readonly ListedCheckpoint[]>;
    discard(pipeline: string, segments: readonly SegmentRef[]): Promise<void>;
    prune(pipeline: string, keep: number, named: readonly number[]): Promise<void>;
    drop(pipeline: string): Promise<void>;
    pipelines(): Promise<readonly string[]>;
    close(): Promise<void>;
}

export declare class MemoryLeaseStorage {
    #private;
    readonly owners: Map<string, number>;
    of(pipeline: string): Map<ShardId, Lease>;
}

export declare class MemoryLeaseStore implements LeaseStore {
    #private;
    constructor(clock: Pick<Clock, "nowMs">, storage?: MemoryLeaseStorage);
    acquire({ pipeline, shards, owner, ttlMs, above }: LeaseRequest): Promise<readonly Fence[]>;
    renew({ pipeline, shards, owner, ttlMs }: LeaseRequest): Promise<{
        readonly lost: readonly ShardId[];
    }>;
    keepAlive({ owner, ttlMs }: Pick<LeaseRequest, "owner" | "ttlMs">): Promise<boolean>;
    release({ pipeline, shards, owner }: Omit<LeaseRequest, "ttlMs">): Promise<void>;
    close(): Promise<void>;
}

export declare class MemoryLogStorage {
    #private;
    get names(): readonly string[];
    find(name: string): Log | undefined;
    of(name: string): Log;
}

export declare class MemoryLogStore implements LogStore {
    #private;
    constructor(clock: Pick<Clock, "nowMs">, storage?: MemoryLogStorage);
    append(name: string, entries: readonly Uint8Array[], options?: LogAppendOptions): Promise<number>;
    read(name: string, after: number, limit: number): Promise<readonly LogEntry[]>;
    count(name: string): Promise<number>;
    trim(name: string, upTo: number): Promise<void>;
    names(): Promise<readonly string[]>;
    close(): Promise<void>;
}

export declare class MemoryMetadataStorage {
    #private;
    of(collection: string): Map<string, {
        readonly version: number;
        readonly text: string;
    }>;
}

export declare class MemoryMetadataStore implements MetadataStore {
    #private;
    constructor(storage?: MemoryMetadataStorage);
    get(collection: string, id: string): Promise<MetadataRecord | undefined>;
    put(collection: string, id: string, document: unknown, expectedVersion?: number): Promise<number | undefined>;
    delete(collection: string, id: string): Promise<void>;
    list(collection: string): Promise<readonly MetadataRecord[]>;
    close(): Promise<void>;
}

export declare class MemoryMetrics implements Metrics {
    #private;
    counter(name: string, _help: string, labels?: Labels): Counter;
    gauge(name: string, _help: string, labels?: Labels): Gauge;
    histogram(name: string, _help: string, labels?: Labels): Histogram;
    value(name: string, labels?: Labels): number | undefined;
    values(name: string, labels?: Labels): readonly number[];
    names(): readonly string[];
}

export declare class MemorySchemaRegistry implements SchemaRegistry {
    #private;
    constructor(storage?: MemorySchemaStorage, rules?: SchemaRules);
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

export declare class MemorySchemaStorage {
    readonly subjects: Map<string, Subject>;
    readonly ids: Map<string, number>;
    readonly schemas: SchemaText[];
    isReachable: boolean;
}

export declare class MemoryStateStorage {
    #private;
    contents: Contents;
    constructor(mayCrash?: boolean);
    apply(change: Change): void;
    flush(): void;
    crash(seed: number): void;
    damage(namespace: string, key: Uint8Array): void;
}

export declare class MemoryStateStore implements StateStore {
    #private;
    readonly isDurable: boolean;
    constructor(storage?: MemoryStateStorage);
    get(namespace: string, key: Uint8Array): Promise<Uint8Array | undefined>;
    getMany(namespace: string, keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
    put(namespace: string, key: Uint8Array, value: Uint8Array): Promise<void>;
    delete(namespace: string, key: Uint8Array): Promise<void>;
    batch(writes: readonly StateWrite[]): Promise<void>;
    scan(namespace: string, { from, to }?: StateRange): AsyncGenerator<readonly StateEntry[], void, void>;
    namespaces(): Promise<readonly string[]>;
    clear(namespace: string): Promise<void>;
    snapshot(namespaces?: readonly string[]): Promise<StateSnapshot>;
    restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
    flush(): Promise<void>;
    close(): Promise<void>;
}

export declare class MemoryStorage {
    readonly checkpoints: MemoryCheckpointStorage;
    readonly leases: MemoryLeaseStorage;
    readonly logs: MemoryLogStorage;
    readonly metadata: MemoryMetadataStorage;
}

export interface MetricsHarness {
    create(): Metrics;
}

export interface OperatorContextHarness {
    create(): OperatorHost;
    readonly groupOf?: (key: unknown) => number;
}

export declare class OperatorHarness<Config> {
    #private;
    readonly shape: NodeShape;
    readonly rejected: RejectedValue[];
    readonly logged: string[];
    constructor(definition: OperatorDefinition<Config>, config: Config, options?: OperatorHarnessOptions);
    get loads(): boolean;
    open(): Promise<this>;
    get totals(): OperatorTotals | undefined;
    push(value: unknown, record?: PushedRecord): this;
    advanceWatermark(watermarkMs: number): this;
    answers(): Promise<this>;
    end(): this;
    advanceClock(nowMs: number): this;
    take(output?: string): readonly Emitted[];
    values(output?: string): readonly unknown[];
    get stateSize(): number;
    snapshot(): HarnessSnapshot;
}

export interface OperatorHarnessOptions {
    readonly inputShapes?: readonly Shape[];
    readonly functions?: FunctionTable;
    readonly readAll?: (source: unknown) => readonly unknown[];
    readonly from?: HarnessSnapshot;
}

export interface OperatorHost {
    run(definition: OperatorDefinition<object>, steps: readonly ProbeStep[]): Promise<void>;
}

export interface OperatorRecord {
    readonly value: unknown;
    readonly timestampMs: number;
    readonly key?: unknown;
    readonly change?: ChangeKind;
    readonly input?: string;
}

export interface OperatorSetup<Config> {
    readonly definition: OperatorDefinition<Config>;
    readonly config: Config;
    readonly records: readonly OperatorRecord[];
    readonly outOfOrdernessMs?: number;
    readonly functions?: FunctionTable;
    readonly readAll?: (source: unknown) => readonly unknown[];
    readonly throwing?: {
        readonly config: Config;
        throwsFor(this: void, record: OperatorRecord): boolean;
    };
    readonly runsAlone?: boolean;
}

export declare const PAUSE: unique symbol;

export declare class PipelineDriver {
    #private;
    readonly world: TestEnvironment;
    readonly storage: MemoryStorage;
    constructor(options: DriverOptions);
    broker(name?: string): Broker;
    push(records: readonly unknown[], partition?: string, broker?: string): void;
    values(sink?: string): readonly unknown[];
    target(sink?: string): SinkTarget;
    storedEpochs(pipeline: string): Promise<readonly number[]>;
    start(name?: string, options?: Pick<RunOptions, "replayed" | "atEnd">): Promise<void>;
    crash(name?: string): void;
    freeze(name?: string): void;
    thaw(name?: string): Promise<void>;
    restart(name?: string): Promise<void>;
    stop(name?: string): Promise<void>;
    run(name?: string): PipelineRun;
    isAlive(name?: string): boolean;
    failure(name?: string): unknown;
    move(partition: string, to: string, broker?: string): Promise<void>;
    settle(): Promise<void>;
    advance(ms: number): Promise<void>;
    checkpoint(name?: string): Promise<CheckpointResult | undefined>;
}

export interface Probe {
    readonly table: KeyedTable<unknown>;
    readonly timers: Timers;
    readonly watermarkMs: number;
    readonly log: (...line: readonly unknown[]) => void;
}

export type ProbeStep = 
{
    readonly act: (probe: Probe) => void;
    readonly timeMs?: number;
    readonly key?: unknown;
}
 | {
    readonly passMs: number;
}
 | "restart";

export interface PushedRecord {
    readonly timestampMs?: number;
    readonly key?: unknown;
    readonly change?: ChangeKind;
    readonly input?: string;
}

export declare const REJECTED: unique symbol;

export interface RandomHarness {
    create(): Random;
    seeded?(seed: number): Random;
}

export interface RecordingLogger extends Logger {
    readonly lines: readonly LogLine[];
}

export declare class RecordingSink implements Sink {
    #private;
    readonly type = "recording";
    readonly capabilities: SinkCapabilities;
    readonly config: Readonly<Record<string, unknown>>;
    readonly needs: SinkNeeds;
    readonly target: SinkTarget;
    constructor(kind: RecordingSinkKind, options?: RecordingSinkOptions);
    get openSessions(): number;
    open(context: SinkContext): Promise<SinkSession>;
}

export type RecordingSinkKind = "store-first" | "remembering" | "sink-first" | "idempotent" | "at-least-once";

export interface RecordingSinkOptions {
    readonly target?: SinkTarget;
    readonly maxBufferedRecords?: number;
    readonly refuse?: (value: unknown) => string | undefined;
    readonly needs?: SinkNeeds;
}

export interface RejectedValue {
    readonly error: StreamFlowError;
    readonly value: unknown;
}

export interface SchemaRegistryHarness<Storage> extends Omit<StoreHarness<SchemaRegistry, Storage>, "failAfter" | "crash"> {
    reach?(storage: Storage, isReachable: boolean): void | Promise<void>;
}

export declare class ScriptedFaults implements FaultPlan {
    #private;
    constructor(options?: ScriptedFaultsOptions);
    get visits(): ReadonlyMap<string, number>;
    get crashedAt(): string | undefined;
    reach(point: string): void;
}

export interface ScriptedFaultsOptions {
    readonly at?: {
        readonly point: string;
        readonly visit?: number;
    };
    readonly random?: {
        readonly seed: number;
        readonly probability: number;
    };
    readonly onCrash?: (point: string) => void;
}

export interface SecretsHarness {
    create(values: Readonly<Record<string, string>>): Secrets | Promise<Secrets>;
    dispose?(): void | Promise<void>;
}

export interface SeededRandom extends Random {
    integer(below: number): number;
    chance(probability?: number): boolean;
    shuffle<T>(items: readonly T[]): T[];
    fork(): SeededRandom;
}

export interface SinkHarness<Target> {
    readonly capabilities: SinkCapabilities;
    create(): Target | Promise<Target>;
    sink(target: Target): Sink;
    value(n: number): unknown;
    visible(target: Target): readonly number[] | Promise<readonly number[]>;
    environment?(target: Target): Environment;
    readonly schema?: Schema;
    readonly keyFields?: readonly string[];
    readonly isOrdered?: boolean;
    readonly refusedValue?: unknown;
    stall?(target: Target): () => void;
    readonly mostBufferedRecords?: number;
    openHandles?(target: Target): number;
    dispose?(target: Target): void | Promise<void>;
}

export declare class SinkTarget {
    #private;
    readonly visible: WrittenRecord[];
    readonly prepared: Map<string, readonly WrittenRecord[]>;
    readonly commits: Map<ShardId, ShardCommit>;
    get values(): readonly unknown[];
    stall(): () => void;
    accepting(): Promise<void>;
    append(records: readonly WrittenRecord[]): void;
    upsert(records: readonly WrittenRecord[]): void;
    checkFence(commit: SinkCommit): void;
    fence(shard: ShardId, generation: number, { isClaim }?: {
        readonly isClaim?: boolean;
    }): void;
    prepare(records: readonly WrittenRecord[]): string;
    commitPrepared(id: string, commit: SinkCommit): void;
    finish(id: string): void;
    commit(records: readonly WrittenRecord[], commit: SinkCommit): void;
}

export interface SourceGroup<Subject> {
    revoke(subject: Subject, partition: string): Promise<void>;
    lose(subject: Subject, partition: string): void | Promise<void>;
    assign(subject: Subject, partition: string): Promise<void>;
}

export interface SourceHarness<Subject> {
    readonly capabilities: SourceCapabilities;
    create(records: number): Subject | Promise<Subject>;
    source(subject: Subject): Source;
    expected(subject: Subject): ReadonlyMap<string, readonly unknown[]>;
    environment?(subject: Subject): Environment;
    tick?(subject: Subject): void | Promise<void>;
    recordsRead?(subject: Subject): number;
    readonly readAheadRecords?: number;
    openHandles?(subject: Subject): number;
    loseConnection?(subject: Subject): void | Promise<void>;
    readonly group?: SourceGroup<Subject>;
    typed?(given: TypedRows): TypedSource | undefined | Promise<TypedSource | undefined>;
    silent?(subject: Subject): {
        readonly source: Source;
        readonly feed: () => void | Promise<void>;
    };
    dispose?(subject: Subject): void | Promise<void>;
}

export interface StageHarness<In, Out> {
    create(this: void): Stage<In, Out>;
    readonly inputs: readonly In[];
    readonly outputs: readonly Out[];
    readonly mostHeld?: number;
    readonly refused?: {
        readonly value: In;
    };
}

export interface StateStoreHarness<Storage> extends Omit<StoreHarness<StateStore, Storage>, "failAfter"> {
    readonly isDurable: boolean;
    damage?(storage: Storage, namespace: string, key: Uint8Array): void | Promise<void>;
}

export interface StoreHarness<Store, Storage> {
    create(): Storage | Promise<Storage>;
    open(storage: Storage): Store | Promise<Store>;
    failAfter?(storage: Storage, changes: number): void;
    crash?(storage: Storage, seed: number): void | Promise<void>;
    dispose?(storage: Storage): void | Promise<void>;
}

export interface TestEnvironment {
    readonly environment: Environment;
    readonly clock: ManualClock;
    readonly random: SeededRandom;
    readonly disk: VirtualDisk;
    readonly logger: RecordingLogger;
    readonly metrics: MemoryMetrics;
}

export interface TestEnvironmentOptions {
    readonly seed?: number;
    readonly clock?: ManualClock;
    readonly disk?: VirtualDisk;
    readonly secrets?: Readonly<Record<string, string>>;
    readonly settings?: Readonly<Record<string, string>>;
    readonly budgetBytes?: number;
    readonly faults?: FaultPlan;
}

export type TestItem = TestRecord | TestReject | typeof PAUSE | typeof ABORT | typeof EOF;

export interface TestRecord {
    readonly value: unknown;
    readonly timestampMs?: number;
    readonly key?: unknown;
    readonly change?: ChangeKind;
    readonly endsTransaction?: boolean;
}

export interface TestRegistrar {
    (name: string, run: () => Promise<void>): unknown;
    skip(name: string, run: () => Promise<void>): unknown;
}

export interface TestReject {
    readonly reject: string;
    readonly raw?: Uint8Array;
}

export declare class TestSource implements Source {
    #private;
    readonly type = "test";
    readonly capabilities: SourceCapabilities;
    readonly config: Readonly<Record<string, unknown>>;
    readonly schema?: Schema;
    readonly options: TestSourceOptions;
    readonly committed: Map<string, Position>;
    constructor(partitions: Readonly<Record<string, readonly TestItem[]>>, options?: TestSourceOptions);
    get opened(): number;
    get openSessions(): number;
    get delivered(): number;
    open(context: SourceContext): Promise<SourceSession>;
    append(partition: string, ...items: readonly TestItem[]): void;
    resume(partition?: string): void;
    revoke(partitions: readonly string[], deadlineMs?: number): Promise<void>;
    lose(partitions: readonly string[]): void;
    assign(partitions: readonly string[]): Promise<void>;
}

export interface TestSourceOptions {
    readonly batchRecords?: number;
    readonly recordBytes?: number;
    readonly bounded?: boolean;
    readonly schema?: Schema;
    readonly capabilities?: Partial<SourceCapabilities>;
    readonly poison?: boolean;
}

export interface ThreadsHarness {
    create(): Threads;
}

export interface TypedRows {
    readonly schema: Schema;
    readonly rows: readonly Readonly<Record<string, unknown>>[];
    readonly fault: string | undefined;
}

export interface TypedSource {
    readonly source: Source;
    readonly environment?: Environment;
}

export declare class VirtualDisk implements Disk {
    #private;
    quotaBytes: number;
    isReadOnly: boolean;
    constructor(options?: VirtualDiskOptions);
    get changes(): number;
    get usedBytes(): number;
    failAfter(changes: number): void;
    crash(seed: number): VirtualDisk;
    kill(): VirtualDisk;
    files(): ReadonlyMap<string, Uint8Array>;
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

export interface VirtualDiskOptions {
    readonly folders?: readonly string[];
    readonly quotaBytes?: number;
    readonly clock?: {
        nowMs(): number;
    };
    readonly beforeOperation?: (operation: DiskOperation, path: string) => void | Promise<void>;
}

export interface WrittenRecord {
    readonly value: unknown;
    readonly timestampMs: number;
    readonly change: ChangeKind;
    readonly identity: RecordIdentity;
}

export declare function checkpointStoreConformance<Storage>(harness: CheckpointStoreHarness<Storage>): readonly ConformanceCase[];

export declare function checkpointingConformance(checkpointing: Checkpointing): readonly ConformanceCase[];

export declare function clockConformance(harness: ClockHarness): readonly ConformanceCase[];

export declare function decoderConformance(harness: DecoderHarness): readonly ConformanceCase[];

export declare function diskConformance(harness: DiskHarness): readonly ConformanceCase[];

export declare function encoderConformance(harness: EncoderHarness): readonly ConformanceCase[];

export declare function forbidCodeGeneration(isForbidden: boolean): void;

export declare function hostConformance(harness: HostHarness): readonly ConformanceCase[];

export declare function isSimulatedCrash(error: unknown): boolean;

export declare function leaseStoreConformance<Storage>(harness: LeaseStoreHarness<Storage>): readonly ConformanceCase[];

export declare function logStoreConformance<Storage>(harness: StoreHarness<LogStore, Storage>): readonly ConformanceCase[];

export declare function loggerConformance(harness: LoggerHarness): readonly ConformanceCase[];

export declare function memoryBudgetConformance(create: (limitBytes: number) => MemoryBudget): readonly ConformanceCase[];

export declare function memoryStores(clock: Pick<Clock, "nowMs">, storage?: MemoryStorage): HostStores;

export declare function metadataStoreConformance<Storage>(harness: StoreHarness<MetadataStore, Storage>): readonly ConformanceCase[];

export declare function metricsConformance(harness: MetricsHarness): readonly ConformanceCase[];

export declare function operatorConformance<Config>(setup: OperatorSetup<Config>): readonly ConformanceCase[];

export declare function operatorContextConformance(harness: OperatorContextHarness): readonly ConformanceCase[];

export declare const poison: unique symbol;

export declare function poisonBatch(batch: Batch): void;

export declare function randomConformance(harness: RandomHarness): readonly ConformanceCase[];

export declare function recordingLogger(): RecordingLogger;

export declare function registerConformance(it: TestRegistrar, cases: readonly ConformanceCase[]): void;

export declare function schemaRegistryConformance<Storage>(harness: SchemaRegistryHarness<Storage>): readonly ConformanceCase[];

export declare function secretsConformance(harness: SecretsHarness): readonly ConformanceCase[];

export declare function seededRandom(seed: number): SeededRandom;

export declare const simpleCheckpointing: Checkpointing;

export declare function sinkConformance<Target>(harness: SinkHarness<Target>): readonly ConformanceCase[];

export declare function sourceConformance<Subject>(harness: SourceHarness<Subject>): readonly ConformanceCase[];

export declare function stageConformance<In, Out>(harness: StageHarness<In, Out>): readonly ConformanceCase[];

export declare function stateStoreConformance<Storage>(harness: StateStoreHarness<Storage>): readonly ConformanceCase[];

export declare function testEnvironment(options?: TestEnvironmentOptions): TestEnvironment;

export declare function testRecords<T>(values: readonly T[], timestampMs?: (value: T, index: number) => number): readonly TestRecord[];

export declare function textColumn(name: string, values: readonly unknown[]): Column;

export declare function threadsConformance(harness: ThreadsHarness): readonly ConformanceCase[];

export declare function withBroken<Result>(guarantee: Guarantee, run: () => Promise<Result>): Promise<Result>;
