// All four stores in one Postgres database, for hosts on several machines.
import type { HostStores } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { checkpointing } from "../checkpoint.ts";
import type { ProcessIdentity } from "../process-identity.ts";
import { runRecorder } from "../run-recorder.ts";
import { PostgresCheckpointStore } from "./postgres-checkpoint-store.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { PostgresLeaseStore } from "./postgres-lease-store.ts";
import { PostgresLogStore } from "./postgres-log-store.ts";
import { PostgresMetadataStore } from "./postgres-metadata-store.ts";
import type { StoreEnvironment } from "./store-environment.ts";

/** Options of {@link openPostgresStores}. */
export interface PostgresStoresOptions {
  /** The schema of Postgres that holds the tables; it is made where it is missing. @defaultValue "streamflow" */
  readonly namespace?: string;
  /** Lets a lease be taken over at once when its process, on the same machine, has died. @defaultValue undefined: leases only run out */
  readonly process?: ProcessIdentity;
  /** Connections at most, 1 … 100. @defaultValue 4 */
  readonly connections?: number;
  /** How long an answer of the server is waited for, in milliseconds. @defaultValue 30_000 */
  readonly timeoutMs?: number;
}

const mostConnections = 100;
const defaults = { namespace: "streamflow", connections: 4, timeoutMs: 30_000 };

/**
 * Opens a Postgres database (13 or newer) as checkpoint, lease, log and metadata store: makes its tables where they are missing. Any number of processes, on any
 * machines, may have it open; who may write for a pipeline is decided there, in the transaction that writes. The connections are closed when all four stores
 * are. Needs the package pg.
 *
 * @throws {@link StreamFlowError} SF_CLIENT_MISSING; SF_CONFIG_INVALID where the server refuses the connection's user, or an option is out of bounds;
 * SF_STORE_UNAVAILABLE; SF_STATE_INCOMPATIBLE when a newer version of StreamFlow has made the tables.
 */
export async function openPostgresStores(url: string, environment: StoreEnvironment, options: PostgresStoresOptions = {}): Promise<HostStores> {
  const { namespace, connections, timeoutMs } = { ...defaults, ...options };
  if (!Number.isInteger(connections) || connections < 1 || connections > mostConnections) throw new StreamFlowError("SF_CONFIG_INVALID", `connections must be a whole number from 1 to ${mostConnections}, got ${connections}`);
  if (!(timeoutMs > 0 && timeoutMs <= 2 ** 31 - 1)) throw new StreamFlowError("SF_CONFIG_INVALID", `timeoutMs must be above 0 and at most ${2 ** 31 - 1}, got ${timeoutMs}`);
  if (namespace === "") throw new StreamFlowError("SF_CONFIG_INVALID", "the namespace of the stores is empty");
  const database = await PostgresDatabase.open({ url, namespace, connections, timeoutMs });
  const metadata = new PostgresMetadataStore(database);
  return {
    checkpoints: new PostgresCheckpointStore(database, environment),
    checkpointing,
    leases: new PostgresLeaseStore(database, environment, options.process),
    logs: new PostgresLogStore(database, environment),
    metadata,
    observe: runRecorder({ metadata, environment }),
  };
}
