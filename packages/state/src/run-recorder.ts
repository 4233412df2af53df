// Writes with every commit of the engine where the partitions of a run stand (streaming-checkpoints.ts), for the sources that follow a broker.
import type { Clock, CommitObserver, CommittedPartition, MetadataStore, ObservedRun, Random } from "@streamflow/core";
import { startRun, type StreamingCheckpoint, writeCheckpoints } from "./streaming-checkpoints.ts";

/** What {@link runRecorder} needs. */
export interface RunRecorderOptions {
  readonly metadata: MetadataStore;
  readonly environment: { readonly clock: Clock; readonly random: Random };
  /** Whose runs these are. @defaultValue "default" */
  readonly tenantId?: string;
}

/**
 * What `HostStores.observe` is: of each run that has a source that follows a broker it makes a run of the tenant, which inherits from those before it, and
 * writes every commit into it. The id of the run: `latestRun`. A partition is called as its source calls it; where several sources of a plan follow brokers, `<node>/<partition>`.
 */
export function runRecorder({ metadata, environment, tenantId = "default" }: RunRecorderOptions): (run: ObservedRun) => CommitObserver | undefined {
  return ({ pipeline, sources }) => {
    const nodes = sources.filter(({ source }) => source.followsBroker === true).map(({ node }) => node);
    if (nodes.length === 0) return undefined;
    const { clock, random } = environment;
    const place = { metadata, tenantId, runId: `${clock.nowMs()}-${random.next().toString(36).slice(2)}` };
    const checkpointOf = ({ source, partition, position, generation, epoch }: CommittedPartition): StreamingCheckpoint => {
      return { pipelineId: pipeline, partition: nodes.length === 1 ? partition : `${source}/${partition}`, offset: position, generation, epoch };
    };
    let isStarted = false;
    let last: Promise<void> = Promise.resolve();
    const write = async (partitions: readonly CommittedPartition[]): Promise<void> => {
      const checkpoints = partitions.filter(({ source }) => nodes.includes(source)).map(checkpointOf);
      if (checkpoints.length === 0) return;
      if (!isStarted) await startRun({ ...place, pipelineId: pipeline });
      isStarted = true;
      await writeCheckpoints({ ...place, checkpoints });
    };
    return {
      // One after another: an attempt that begins does not overtake what the one before it still writes.
      committed: (partitions) => (last = last.catch(() => undefined).then(() => write(partitions))),
    };
  };
}
