// The host that the runner, the command line and tests get their parts from: every connector, this machine, one data folder.
import type { Environment, Host, HostOptions, HostStores } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { envSecrets, envSettings, nodeEnvironment, systemClock } from "@streamflow/core/node";
import { MetricsCollector } from "@streamflow/metrics";
import { identifyProcess, openDataFolder, type CheckpointStorage } from "@streamflow/state";
import { openPostgresStores } from "@streamflow/state/postgres";
import { builtinRegistry } from "./builtins.ts";

/** Options of {@link createHost}. */
export interface RunnerHostOptions extends HostOptions {
  /** How a new data folder keeps its checkpoints. @defaultValue what the folder has; "files" for a new one */
  readonly checkpoints?: CheckpointStorage;
  /**
   * A database that holds the stores in place of the data folder, for hosts on several machines: `postgres://user:password@host:port/database`.
   * @defaultValue the secret STREAMFLOW_STORE, where there is one
   */
  readonly storeUrl?: string;
  /** Memory for records in flight of all pipelines together, in bytes. @defaultValue a quarter of what the process may use */
  readonly maxMemoryBytes?: number;
}

/** A host whose measurements can be read. */
export interface RunnerHost extends Host {
  readonly metrics: MetricsCollector;
}

const storeVariable = "STREAMFLOW_STORE";

/** Makes a host. It opens nothing until `openStores`. */
export function createHost(options: RunnerHostOptions = {}): RunnerHost {
  const clock = systemClock();
  const metrics = new MetricsCollector({ clock });
  const environment: Environment = nodeEnvironment({
    clock,
    metrics,
    log: options.log ?? {},
    ...(options.variables === undefined ? {} : { secrets: envSecrets({ variables: options.variables }), settings: envSettings(options.variables) }),
    ...(options.maxMemoryBytes === undefined ? {} : { maxMemoryBytes: options.maxMemoryBytes }),
  });
  const storeUrl = options.storeUrl ?? environment.secrets.get(storeVariable);
  return {
    environment,
    metrics,
    registry: builtinRegistry(),
    sharedStores: storeUrl === undefined ? undefined : placeOf(storeUrl),
    openStores: (dataFolder): Promise<HostStores> =>
      storeUrl === undefined ? openDataFolder(dataFolder, environment, options.checkpoints === undefined ? {} : { checkpoints: options.checkpoints }) : openShared(storeUrl, environment),
  };
}

async function openShared(url: string, environment: Environment): Promise<HostStores> {
  const process = await identifyProcess(environment.disk);
  return openPostgresStores(url, environment, process === undefined ? {} : { process });
}

/** Host, port and database. What is no such string may be anything, and is not repeated. */
function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new StreamFlowError("SF_CONFIG_INVALID", "the store of the host is not a connection string of Postgres", { hint: `${storeVariable}=postgres://user:password@host:port/database` });
  }
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
