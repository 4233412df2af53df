// All four stores in one SQLite database file.
import type { HostStores } from "@streamflow/core";
import { checkpointing } from "../checkpoint.ts";
import type { ProcessIdentity } from "../process-identity.ts";
import { runRecorder } from "../run-recorder.ts";
import { SqliteCheckpointStore } from "./sqlite-checkpoint-store.ts";
import { SqliteDatabase } from "./sqlite-database.ts";
import { SqliteLeaseStore } from "./sqlite-lease-store.ts";
import { SqliteLogStore } from "./sqlite-log-store.ts";
import { SqliteMetadataStore } from "./sqlite-metadata-store.ts";
import type { StoreEnvironment } from "./store-environment.ts";

/** Options of {@link openSqliteStores}. */
export interface SqliteStoresOptions {
  /** Lets a lease be taken over at once when its process has died. @defaultValue undefined: leases only run out */
  readonly process?: ProcessIdentity;
}

/**
 * Opens a database file, created when missing, as checkpoint, lease, log and metadata store. The file may be open in several processes.
 * It is closed when all four stores are. `":memory:"` keeps everything in memory.
 *
 * Every call is a transaction that is durable when it resolves (write-ahead log, synced at each commit).
 *
 * @throws {@link StreamFlowError} SF_DISK_READ_ONLY, SF_DISK_FULL, SF_DISK_FAILED; SF_STATE_CORRUPT when the file is no sound database;
 * SF_STATE_INCOMPATIBLE when a newer version of StreamFlow has written it.
 */
export function openSqliteStores(path: string, environment: StoreEnvironment, options: SqliteStoresOptions = {}): HostStores {
  return sqliteStoresOn(new SqliteDatabase(path), environment, options);
}

/** The stores of a database that is open. */
export function sqliteStoresOn(database: SqliteDatabase, environment: StoreEnvironment, options: SqliteStoresOptions): HostStores {
  const metadata = new SqliteMetadataStore(database);
  return {
    checkpoints: new SqliteCheckpointStore(database, environment),
    checkpointing,
    leases: new SqliteLeaseStore(database, environment, options.process),
    logs: new SqliteLogStore(database, environment),
    metadata,
    observe: runRecorder({ metadata, environment }),
  };
}
