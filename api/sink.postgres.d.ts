// The public API of @streamflow/sink/postgres. Written by pnpm api:update.

export interface PostgresSinkOptions {
    readonly url: string;
    readonly table: string;
    readonly namespace?: string;
    readonly mode?: "append" | "upsert";
    readonly key?: readonly string[];
    readonly schema?: Schema;
    readonly createTable?: boolean;
    readonly timeoutMs?: number;
}

export declare function postgresSink<In = unknown>(options: PostgresSinkOptions): Sink<In>;
