// Named exports only.
export { openPostgresStores } from "./stores/postgres-stores.ts";
export type { PostgresStoresOptions } from "./stores/postgres-stores.ts";
