// The public API of @streamflow/state/postgres. Written by pnpm api:update.

export interface PostgresStoresOptions {
    readonly namespace?: string;
    readonly process?: ProcessIdentity;
    readonly connections?: number;
    readonly timeoutMs?: number;
}

export declare function openPostgresStores(url: string, environment: StoreEnvironment, options?: PostgresStoresOptions): Promise<HostStores>;
