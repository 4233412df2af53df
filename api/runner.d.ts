// The public API of @streamflow/runner. Written by pnpm api:update.

export interface DrainResult {
    readonly stuck: readonly string[];
}

export declare class HostedPipeline {
    #private;
    constructor(options: HostedPipelineOptions);
    get name(): string;
    get status(): PipelineStatus;
    get info(): PipelineInfo;
    get ended(): Promise<void>;
    start(): Promise<void>;
    prepare(): Promise<() => void>;
    stop(): void;
    restart(): void;
    takeSavepoint(stores: HostStores, name: string | undefined): Promise<SavepointInfo>;
}

export interface PipelineInfo {
    readonly name: string;
    readonly file: string;
    readonly status: PipelineStatus;
    readonly restarts: number;
    readonly problem?: PipelineProblem;
    readonly progress?: ExecutorProgress;
}

export interface PipelineProblem {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly diagnostics?: readonly Diagnostic[];
}

export type PipelineStatus = LifecycleState | "invalid";

export declare class Runner {
    #private;
    readonly host: RunnerHost;
    readonly stores: HostStores;
    private constructor();
    static open({ host, folder, dataFolder }: RunnerOptions): Promise<Runner>;
    get isDraining(): boolean;
    get infos(): readonly PipelineInfo[];
    pipeline(name: string): HostedPipeline;
    startAll(): Promise<void>;
    drain(graceMs: number): Promise<DrainResult>;
    close(): Promise<void>;
}

export interface RunnerHost extends Host {
    readonly metrics: MetricsCollector;
}

export interface RunnerHostOptions extends HostOptions {
    readonly checkpoints?: CheckpointStorage;
    readonly storeUrl?: string;
    readonly maxMemoryBytes?: number;
}

export interface RunnerOptions {
    readonly host: RunnerHost;
    readonly folder: string;
    readonly dataFolder: string;
}

export declare function builtinRegistry(): Registry;

export declare function createHost(options?: RunnerHostOptions): RunnerHost;
