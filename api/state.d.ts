// The public API of @streamflow/state. Written by pnpm api:update.

export declare class CheckpointManager implements CheckpointWriter {
    #private;
    readonly pipeline: string;
    private constructor();
    static open(options: CheckpointManagerOptions): Promise<CheckpointManager>;
    get newestEpoch(): number;
    get fences(): readonly Fence[];
    takeOver(fences: readonly Fence[]): Promise<void>;
    letGo(shards: readonly ShardId[]): void;
    keepFor(sink: string, epochs: readonly number[]): void;
    noteEpoch(epoch: number): void;
    begin(): CheckpointDraft;
    candidates(): Promise<readonly Checkpoint[]>;
}

export interface CheckpointManagerOptions extends CheckpointWriterOptions {
    readonly maxSegmentBytes?: number;
}

export type CheckpointStorage = "files" | "sqlite";

export interface DataFolderOptions {
    readonly checkpoints?: CheckpointStorage;
    readonly process?: ProcessIdentity;
}

export type DeclaredState = Pick<StateSegment, "node" | "state" | "serializer" | "version">;

export interface FileLeaseStoreOptions {
    readonly process?: ProcessIdentity;
}

export interface ListDeadLettersOptions {
    readonly after?: number;
    readonly limit?: number;
}

export interface PlanComparison {
    readonly kept: readonly string[];
    readonly migrated: readonly string[];
    readonly new: readonly string[];
    readonly dropped: readonly string[];
}

export interface PresentPlan {
    readonly fingerprints: Readonly<Record<string, string>>;
    readonly states?: readonly DeclaredState[];
    readonly migrates?: (node: string, storedFingerprint: string) => boolean;
    readonly allowDropped?: boolean;
}

export interface ProcessIdentity {
    readonly id: string;
    isAlive(id: string): Promise<boolean | undefined>;
}

export interface RunPlace {
    readonly metadata: MetadataStore;
    readonly runId: string;
    readonly tenantId: string;
}

export interface RunRecorderOptions {
    readonly metadata: MetadataStore;
    readonly environment: {
        readonly clock: Clock;
        readonly random: Random;
    };
    readonly tenantId?: string;
}

export interface SkippedCheckpoint {
    readonly epoch: number;
    readonly reason: string;
}

export interface SqliteStoresOptions {
    readonly process?: ProcessIdentity;
}

export interface StateRecovered extends Recovered {
    readonly fresh: readonly ShardId[];
    readonly skipped: readonly SkippedCheckpoint[];
    readonly plan: PlanComparison | undefined;
}

export interface StateRecoveryRequest extends Omit<RecoveryRequest, "plan"> {
    readonly plan?: PresentPlan;
    readonly atEpoch?: number | ReadonlyMap<ShardId, number>;
}

export type StoreEnvironment = Pick<Environment, "clock" | "disk" | "logger" | "random" | "faults">;

export interface StoredDeadLetter {
    readonly cursor: number;
    readonly storedMs: number;
    readonly letter: DeadLetter;
}

export interface StoredStreamingCheckpoint extends StreamingCheckpoint {
    readonly offset: string;
}

export interface StreamingCheckpoint {
    readonly pipelineId: string;
    readonly partition: string | number;
    readonly offset: string | number | bigint;
    readonly generation?: number;
    readonly epoch?: number;
}

export declare const checkpointing: Checkpointing;

export declare function closeAll(stores: HostStores): Promise<void>;

export declare function compareWithPlan(checkpoint: Checkpoint, plan: PresentPlan): PlanComparison;

export declare function countDeadLetters(logs: LogStore, pipeline: string): Promise<number>;

export declare function deadLetterCounts(logs: LogStore): Promise<ReadonlyMap<string, number>>;

export declare function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint;

export declare function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array;

export declare function identifyProcess(disk: Disk): Promise<ProcessIdentity | undefined>;

export declare function latestRun({ metadata, tenantId, pipelineId }: Omit<RunPlace, "runId"> & {
    readonly pipelineId: string;
}): Promise<string | undefined>;

export declare function listDeadLetters(logs: LogStore, pipeline: string, options?: ListDeadLettersOptions): Promise<readonly StoredDeadLetter[]>;

export declare function openDataFolder(folder: string, environment: Environment, options?: DataFolderOptions): Promise<HostStores>;

export declare function openFileCheckpointStore(folder: string, environment: StoreEnvironment): Promise<CheckpointStore>;

export declare function openFileLeaseStore(folder: string, environment: StoreEnvironment, options?: FileLeaseStoreOptions): Promise<LeaseStore>;

export declare function openSqliteStateStore(path: string, environment: Pick<StoreEnvironment, "clock">): Promise<StateStore>;

export declare function openSqliteStores(path: string, environment: StoreEnvironment, options?: SqliteStoresOptions): HostStores;

export declare function purgeDeadLetters(logs: LogStore, pipeline: string, upTo?: number): Promise<number>;

export declare function readCheckpoints({ metadata, runId, tenantId }: RunPlace): Promise<readonly StoredStreamingCheckpoint[]>;

export declare function recover(request: StateRecoveryRequest): Promise<StateRecovered>;

export declare function runRecorder({ metadata, environment, tenantId }: RunRecorderOptions): (run: ObservedRun) => CommitObserver | undefined;

export declare function startRun({ pipelineId, ...place }: RunPlace & {
    readonly pipelineId: string;
}): Promise<readonly StoredStreamingCheckpoint[]>;

export declare function writeCheckpoint({ checkpoint, ...place }: RunPlace & {
    readonly checkpoint: StreamingCheckpoint;
}): Promise<void>;

export declare function writeCheckpoints({ checkpoints, ...place }: RunPlace & {
    readonly checkpoints: readonly StreamingCheckpoint[];
}): Promise<void>;
