// Where checkpoints, leases and dead letters of a chaos run are kept, by the name that --checkpoint-store takes.
import { join } from "node:path";
import type { Environment, HostStores } from "@streamflow/core";
import { identifyProcess, openDataFolder, type ProcessIdentity } from "@streamflow/state";
import type { Job, StoreName } from "./job.ts";

const open: Readonly<Record<StoreName, (job: Job, environment: Environment) => Promise<HostStores>>> = {
  files: (job, environment) => openFolder(job, environment, "files"),
  sqlite: (job, environment) => openFolder(job, environment, "sqlite"),
};

/** Opens the stores of a job. */
export function openStores(job: Job, environment: Environment): Promise<HostStores> {
  return open[job.store](job, environment);
}

async function openFolder(job: Job, environment: Environment, checkpoints: "files" | "sqlite"): Promise<HostStores> {
  const identity = await identifyProcess(environment.disk);
  return await openDataFolder(join(job.folder, "data"), environment, { checkpoints, ...(identity === undefined ? {} : { process: onMachine(job.machine, identity) }) });
}

/** The identity of a process that sees only those of its own machine. */
function onMachine(machine: string, identity: ProcessIdentity): ProcessIdentity {
  const prefix = `${machine}:`;
  return { id: `${prefix}${identity.id}`, isAlive: async (other) => (other.startsWith(prefix) ? await identity.isAlive(other.slice(prefix.length)) : undefined) };
}
