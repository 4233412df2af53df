// Opening stores to look at them: nothing is created.
import { isSavepointPlace, StreamFlowError, type HostStores } from "@streamflow/core";
import type { Project } from "./host-module.ts";

/** Opens the stores of a data folder that exists, for the length of `use`. @throws {@link StreamFlowError} SF_CONFIG_INVALID when there is none */
export async function withStores<Result>(project: Project, use: (stores: HostStores) => Promise<Result>): Promise<Result> {
  const { host, dataFolder } = project;
  if (host.sharedStores === undefined && (await host.environment.disk.stat(dataFolder))?.kind !== "folder") {
    throw new StreamFlowError("SF_CONFIG_INVALID", `there is no data folder "${dataFolder}"`, { hint: "name the one that the pipeline was run with: --data DIR" });
  }
  const stores = await host.openStores(dataFolder);
  try {
    return await use(stores);
  } finally {
    await closeStores(stores);
  }
}

/** Closes every store, also where one of them fails. */
export async function closeStores(stores: HostStores): Promise<void> {
  const closed = await Promise.allSettled([stores.checkpoints.close(), stores.leases.close(), stores.logs.close(), stores.metadata.close()]);
  const failed = closed.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** The error for a pipeline of which a data folder holds nothing. */
export function unknownPipeline(name: string, known: readonly string[], what: string): StreamFlowError {
  const pipelines = known.filter((other) => !isSavepointPlace(other));
  return new StreamFlowError("SF_CONFIG_INVALID", `there are no ${what} of a pipeline "${name}"`, { hint: pipelines.length === 0 ? "the data folder holds none at all" : `the data folder knows: ${pipelines.join(", ")}` });
}
