// The public API of @streamflow/core/node. Written by pnpm api:update.

export type DiskFailure = "missing" | "exists" | "other";

export interface EnvSecretsOptions {
    readonly variables?: Readonly<Record<string, string | undefined>>;
    readonly onRead?: (value: string) => void;
}

export type LogLevel = (typeof levels)[number];

export interface LogStream {
    write(text: string): unknown;
    readonly writableLength?: number;
}

export interface LoggerOptions {
    readonly clock: Pick<Clock, "nowMs">;
    readonly stream?: LogStream;
    readonly level?: LogLevel;
    readonly redactor?: Redactor;
    readonly maxBufferedBytes?: number;
}

export interface NodeDiskOptions {
    readonly readsBlock?: boolean;
}

export interface NodeEnvironmentOptions {
    readonly clock?: Clock;
    readonly random?: Random;
    readonly disk?: Disk;
    readonly metrics?: Metrics;
    readonly logger?: Logger;
    readonly secrets?: Secrets;
    readonly settings?: Settings;
    readonly faults?: FaultPlan;
    readonly budget?: MemoryBudget;
    readonly maxMemoryBytes?: number;
    readonly log?: {
        readonly format?: "text" | "json";
        readonly level?: LogLevel;
        readonly stream?: LogStream;
    };
}

export declare class Redactor {
    #private;
    add(value: string): void;
    redact(text: string): string;
}

export declare function envSecrets(options?: EnvSecretsOptions): Secrets;

export declare function envSettings(variables: Readonly<Record<string, string | undefined>>): Settings;

export declare function jsonLogger(options: LoggerOptions): Logger;

export declare function nextTurn(): Promise<void>;

export declare function noMetrics(): Metrics;

export declare function nodeDisk({ readsBlock }?: NodeDiskOptions): Disk;

export declare function nodeEnvironment(options?: NodeEnvironmentOptions): Environment;

export declare function nodeThreads(): Threads;

export declare function systemClock(): Clock;

export declare function systemRandom(): Random;

export declare function textLogger(options: LoggerOptions): Logger;
