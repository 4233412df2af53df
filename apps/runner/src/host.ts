// The host that the runner, the command line and tests get their parts from: every connector, this machine, one data folder.
import type { Environment, Host, HostOptions, HostStores } from "@streamflow/core";
import { envSecrets, nodeEnvironment, systemClock } from "@streamflow/core/node";
import { MetricsCollector } from "@streamflow/metrics";
import { openDataFolder, type CheckpointStorage } from "@streamflow/state";
import { builtinRegistry } from "./builtins.ts";

/** Options of {@link createHost}. */
export interface RunnerHostOptions extends HostOptions {
  /** How a new data folder keeps its checkpoints. @defaultValue what the folder has; "files" for a new one */
  readonly checkpoints?: CheckpointStorage;
  /** Memory for records in flight of all pipelines together, in bytes. @defaultValue a quarter of what the process may use */
  readonly maxMemoryBytes?: number;
}

/** A host whose measurements can be read. */
export interface RunnerHost extends Host {
  readonly metrics: MetricsCollector;
}

/** Makes a host. It opens nothing until `openStores`. */
export function createHost(options: RunnerHostOptions = {}): RunnerHost {
  const clock = systemClock();
  const metrics = new MetricsCollector({ clock });
  const environment: Environment = nodeEnvironment({
    clock,
    metrics,
    log: options.log ?? {},
    ...(options.variables === undefined ? {} : { secrets: envSecrets({ variables: options.variables }) }),
    ...(options.maxMemoryBytes === undefined ? {} : { maxMemoryBytes: options.maxMemoryBytes }),
  });
  return {
    environment,
    metrics,
    registry: builtinRegistry(),
    openStores: (dataFolder): Promise<HostStores> => openDataFolder(dataFolder, environment, options.checkpoints === undefined ? {} : { checkpoints: options.checkpoints }),
  };
}
