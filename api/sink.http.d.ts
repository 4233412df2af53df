// The public API of @streamflow/sink/http. Written by pnpm api:update.

export type FailuresIn = (answer: HttpAnswer) => readonly HttpFailure[];

export interface HttpAnswer {
    readonly status: number;
    readonly text: string;
}

export interface HttpFailure {
    readonly index: number;
    readonly message: string;
    readonly retryable?: boolean;
}

export type HttpFetch = (url: string, request: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: Uint8Array<ArrayBuffer>;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
}) => Promise<HttpResponse>;

export interface HttpResponse {
    readonly status: number;
    readonly headers: {
        get(name: string): string | null;
    };
    readonly body: AsyncIterable<Uint8Array> | null;
}

export interface HttpSinkOptions<In = unknown> {
    readonly url: string | ((value: In) => string);
    readonly method?: "POST" | "PUT" | "PATCH";
    readonly headers?: Readonly<Record<string, string>>;
    readonly format?: RecordFormat;
    readonly batch?: {
        readonly maxRecords?: number; /** @defaultValue 1 MiB */
        readonly maxBytes?: number;
    };
    readonly delivery?: "at-least-once" | "idempotent";
    readonly outbox?: boolean;
    readonly keyHeader?: string;
    readonly concurrency?: number;
    readonly orderBy?: readonly string[];
    readonly timeoutMs?: number;
    readonly retry?: BackoffPolicy & {
        readonly maxAttempts?: number;
    };
    readonly statuses?: Readonly<Record<number, HttpVerdict>>;
    readonly failures?: string | FailuresIn;
    readonly fetch?: HttpFetch;
}

export type HttpVerdict = "ok" | "retry" | "reject" | "fail";

export type RecordFormat = "json" | OutputFormat;

export declare function httpSink<In = unknown>(options: HttpSinkOptions<In>): Sink<In>;
