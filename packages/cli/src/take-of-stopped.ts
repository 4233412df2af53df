// A savepoint of a pipeline that does not run: it is started, and stopped as soon as all its sinks have what its last checkpoint covers.
import { PipelineRun, StreamFlowError, takeSavepoint, type HostStores, type LogicalPlan, type Savepoint } from "@streamflow/core";
import type { CliContext } from "./cli-context.ts";
import type { Project } from "./host-module.ts";
import { unknownPipeline } from "./stores.ts";

/** What it takes. */
export interface StoppedPipeline {
  readonly logical: LogicalPlan;
  readonly project: Project;
  readonly stores: HostStores;
  readonly context: CliContext;
}

/**
 * Takes it. What is read meanwhile is processed and committed like in any run.
 * @throws {@link StreamFlowError} SF_LEASE_HELD where it runs; SF_CONFIG_INVALID where it has never run; whatever keeps it from starting
 */
export async function takeOfStopped({ logical, project, stores, context }: StoppedPipeline): Promise<Savepoint> {
  const { environment, registry } = project.host;
  const pipeline = logical.config.name;
  if ((await stores.checkpoints.list(pipeline)).length === 0) throw unknownPipeline(pipeline, await stores.checkpoints.pipelines(), "checkpoints");
  let taken: Savepoint | undefined;
  const run = new PipelineRun(logical, {
    environment, stores, functions: registry.functions,
    atEnd: async (committed) => void (taken = await takeSavepoint({ stores, environment, pipeline, committed })),
  });
  const stopOnMove = run.lifecycle.onMove((state) => {
    // A checkpoint waits until sinks that are behind have caught up. Where the run ends before, it has no need of it.
    if (state === "running") run.checkpoint().then(() => run.stop(), () => run.stop());
  });
  const ends = [stopOnMove, context.onInterrupt(() => run.stop()), context.every(1_000, () => undefined)];
  try {
    await run.run();
  } finally {
    for (const end of ends) end();
  }
  if (taken !== undefined) return taken;
  throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `pipeline "${pipeline}" was stopped before a savepoint could be taken`);
}
