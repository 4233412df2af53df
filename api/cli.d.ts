// The public API of @streamflow/cli. Written by pnpm api:update.

export interface CliContext {
    readonly stdout: TextStream;
    readonly stderr: TextStream;
    readonly variables: Readonly<Record<string, string | undefined>>;
    readonly folder: string;
    onInterrupt(run: () => void): () => void;
    every(intervalMs: number, run: () => void): () => void;
    exit(code: ExitCode): void;
}

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface GlobalOptions {
    readonly host?: string;
    readonly data?: string;
    readonly json?: boolean;
    readonly logLevel: "debug" | "info" | "warn" | "error";
    readonly color: boolean;
    readonly debug?: boolean;
}

export interface Handlers extends SavepointHandlers {
    run(file: string, options: RunCommandOptions, globals: GlobalOptions): Promise<void>;
    validate(files: readonly string[], options: {
        readonly set: SetValues;
    }, globals: GlobalOptions): Promise<void>;
    explain(file: string, options: ExplainCommandOptions, globals: GlobalOptions): Promise<void>;
    inspectCheckpoints(pipeline: string, options: {
        readonly limit: number;
    }, globals: GlobalOptions): Promise<void>;
    inspectState(pipeline: string, options: InspectStateOptions, globals: GlobalOptions): Promise<void>;
    listDeadLetters(pipeline: string, options: ListDeadLettersOptions, globals: GlobalOptions): Promise<void>;
    countDeadLetters(pipeline: string, globals: GlobalOptions): Promise<void>;
    replayDeadLetters(file: string, options: {
        readonly set: SetValues;
    }, globals: GlobalOptions): Promise<void>;
    purgeDeadLetters(pipeline: string, options: PurgeDeadLettersOptions, globals: GlobalOptions): Promise<void>;
    components(type: string | undefined, options: {
        readonly markdown?: boolean;
    }, globals: GlobalOptions): Promise<void>;
    capabilities(globals: GlobalOptions): Promise<void>;
    schema(globals: GlobalOptions): Promise<void>;
}

export type SetValues = Readonly<Record<string, string>>;

export interface TextStream {
    write(text: string): unknown;
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly writableLength?: number;
}

export declare function createProgram(handlers: Handlers, version: string): Command;

export declare function exitCodeOf(error: unknown): ExitCode;

export declare const exitCodeTable: readonly {
    readonly code: ExitCode;
    readonly meaning: string;
}[];

export declare const exitCodes: {
    readonly ok: 0;
    readonly failed: 1;
    readonly usage: 2;
    readonly held: 3;
    readonly state: 4;
    readonly interrupted: 130;
};

export declare function main(arguments_: readonly string[], context: CliContext): Promise<ExitCode>;

export declare const version = "0.0.0";
