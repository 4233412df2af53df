// Where checkpoints, leases and dead letters of a chaos run are kept, by the name that --checkpoint-store takes.
import { basename, join } from "node:path";
import type { Environment, HostStores } from "@streamflow/core";
import { identifyProcess, openDataFolder, type ProcessIdentity } from "@streamflow/state";
import type { Job, StoreName } from "./job.ts";

/** A kind of store. */
interface ChaosStore {
  /** The server of the test bed that it needs. */
  readonly server?: "postgres";
  open(job: Job, environment: Environment): Promise<HostStores>;
}

export const chaosStores: Readonly<Record<StoreName, ChaosStore>> = {
  files: { open: (job, environment) => openFolder(job, environment, "files") },
  sqlite: { open: (job, environment) => openFolder(job, environment, "sqlite") },
  postgres: { server: "postgres", open: openDatabase },
};

async function openDatabase(job: Job, environment: Environment): Promise<HostStores> {
  const { openPostgresStores } = await import("@streamflow/state/postgres");
  return await openPostgresStores(job.storeUrl, environment, { namespace: `stores_${job.rows.seed}_${basename(job.folder)}`, ...(await processOf(job, environment)) });
}

async function openFolder(job: Job, environment: Environment, checkpoints: "files" | "sqlite"): Promise<HostStores> {
  return await openDataFolder(join(job.folder, "data"), environment, { checkpoints, ...(await processOf(job, environment)) });
}

async function processOf(job: Job, environment: Environment): Promise<{ readonly process?: ProcessIdentity }> {
  const identity = await identifyProcess(environment.disk);
  return identity === undefined ? {} : { process: onMachine(job.machine, identity) };
}

/** The identity of a process that sees only those of its own machine. */
function onMachine(machine: string, identity: ProcessIdentity): ProcessIdentity {
  const prefix = `${machine}:`;
  return { id: `${prefix}${identity.id}`, isAlive: async (other) => (other.startsWith(prefix) ? await identity.isAlive(other.slice(prefix.length)) : undefined) };
}
