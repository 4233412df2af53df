// What holds for streaming checkpoints in every metadata store.
import type { MetadataStore } from "@streamflow/core";
import { expect } from "vitest";
import { latestRun, readCheckpoints, startRun, writeCheckpoint, writeCheckpoints } from "./streaming-checkpoints.ts";

/** Two ways into one store, as two processes have them. */
export interface TwoStores {
  readonly metadata: MetadataStore;
  readonly other: MetadataStore;
}

const [runId, tenantId, pipelineId] = ["r1", "t1", "orders"];
const huge = "49649385620194721378497214861230478912349781234978";

export const streamingCheckpointCases: readonly (readonly [name: string, run: (stores: TwoStores) => Promise<void>])[] = [
  ["is called as the document says, and answers what was written", async ({ metadata, other }) => {
    await writeCheckpoint({ metadata, runId, tenantId, checkpoint: { pipelineId, partition: 0, offset: 1234 } });
    await writeCheckpoint({ metadata, runId, tenantId, checkpoint: { pipelineId, partition: 0, offset: 1300 } });
    expect(await readCheckpoints({ metadata: other, runId, tenantId })).toEqual([{ pipelineId, partition: 0, offset: "1300" }]);
    // Where it is kept.
    const record = await other.get("pipeline_runs", JSON.stringify([tenantId, runId]));
    expect(record?.document).toMatchObject({ runId, tenantId, metadata: { streamingCheckpoints: [{ pipelineId, partition: 0, offset: "1300" }] } });
    expect(await readCheckpoints({ metadata, runId: "unknown", tenantId })).toEqual([]);
  }],

  ["SCP-1: writers of many partitions at once take nothing from each other", async ({ metadata, other }) => {
    const partitions = Array.from({ length: 12 }, (_, partition) => partition);
    await Promise.all(partitions.map(async (partition) => {
      for (let offset = 1; offset <= 3; offset++) await writeCheckpoint({ metadata: partition % 2 === 0 ? metadata : other, runId, tenantId, checkpoint: { pipelineId, partition, offset } });
    }));
    const read = await readCheckpoints({ metadata, runId, tenantId });
    expect(read.map(({ partition, offset }) => [partition, offset])).toEqual(partitions.map((partition) => [partition, "3"]).toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)));
  }],

  ["SCP-1: of several at once, all or none", async ({ metadata }) => {
    await writeCheckpoint({ metadata, runId, tenantId, checkpoint: { pipelineId, partition: "b", offset: 1, epoch: 5 } });
    const checkpoints = [{ pipelineId, partition: "a", offset: 9, epoch: 6 }, { pipelineId, partition: "b", offset: 9, epoch: 4 }];
    await expect(writeCheckpoints({ metadata, runId, tenantId, checkpoints })).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    expect(await readCheckpoints({ metadata, runId, tenantId })).toEqual([{ pipelineId, partition: "b", offset: "1", epoch: 5 }]);
  }],

  ["SCP-2: positions of 64 bits, of 128 and of any text come back exactly; a number that cannot be exact is refused", async ({ metadata }) => {
    const offsets: readonly (string | number | bigint)[] = [0, -1, Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n, 2n ** 128n, huge, "CAESBggBEAIYAw==", "é \"quoted\" \n"];
    for (const [partition, offset] of offsets.entries()) await writeCheckpoint({ metadata, runId, tenantId, checkpoint: { pipelineId, partition, offset } });
    expect((await readCheckpoints({ metadata, runId, tenantId })).map(({ offset }) => offset)).toEqual(offsets.map(String));
    for (const offset of [2 ** 53, 1.5, NaN, Infinity]) {
      await expect(writeCheckpoint({ metadata, runId, tenantId, checkpoint: { pipelineId, partition: 0, offset } })).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
    }
  }],

  ["SCP-3: nothing older replaces what is newer; the same again does; 0 and \"0\" are one partition", async ({ metadata, other }) => {
    const write = (store: MetadataStore, offset: number, fence: { readonly generation?: number; readonly epoch?: number }) => writeCheckpoint({ metadata: store, runId, tenantId, checkpoint: { pipelineId, partition: offset % 2 === 0 ? 0 : "0", offset, ...fence } });
    await write(metadata, 10, { generation: 2, epoch: 7 });
    await write(metadata, 11, { generation: 2, epoch: 7 });
    for (const older of [{ generation: 2, epoch: 6 }, { generation: 1, epoch: 99 }, { epoch: 99 }, { generation: 3 }, {}]) {
      await expect(write(other, 4, older), JSON.stringify(older)).rejects.toMatchObject({ code: "SF_CHECKPOINT_FENCED", retryable: false });
    }
    expect(await readCheckpoints({ metadata, runId, tenantId })).toEqual([{ pipelineId, partition: "0", offset: "11", generation: 2, epoch: 7 }]);
    await write(other, 8, { generation: 3, epoch: 1 });
    expect(await readCheckpoints({ metadata, runId, tenantId })).toEqual([{ pipelineId, partition: 0, offset: "8", generation: 3, epoch: 1 }]);
  }],

  ["SCP-4: tenants see nothing of each other, whatever they and their runs are called", async ({ metadata }) => {
    const places = [["a", "b"], ["a\",\"b", ""], ["", "a\",\"b"], ["a/b", "c"], ["a", "b/c"], ["[\"a\"", "\"b\"]"], ["A", "b"]].map(([tenant = "", run = ""]) => ({ tenantId: tenant, runId: run }));
    for (const [offset, place] of places.entries()) await startRun({ metadata, ...place, pipelineId }).then(() => writeCheckpoint({ metadata, ...place, checkpoint: { pipelineId, partition: 0, offset } }));
    for (const [offset, place] of places.entries()) {
      expect(await readCheckpoints({ metadata, ...place })).toEqual([{ pipelineId, partition: 0, offset: String(offset) }]);
      // The only run of its tenant, or one of its tenant's.
      expect(places.filter(({ tenantId: tenant }) => tenant === place.tenantId).map(({ runId: run }) => run)).toContain(await latestRun({ metadata, tenantId: place.tenantId, pipelineId }));
    }
    expect(await startRun({ metadata, tenantId: "another", runId: "b", pipelineId })).toEqual([]);
  }],

  ["SCP-5: a new run begins with the newest of each partition, whichever run has written it, and of its pipeline alone", async ({ metadata, other }) => {
    const write = (run: string, partition: number, offset: number, more: object = {}) => writeCheckpoint({ metadata: other, tenantId, runId: run, checkpoint: { pipelineId, partition, offset, ...more } });
    expect(await startRun({ metadata, tenantId, runId: "r1", pipelineId })).toEqual([]);
    await write("r1", 0, 10, { generation: 1, epoch: 1 });
    await write("r1", 1, 10, { generation: 1, epoch: 1 });
    await write("r1", 2, 10);
    await write("r1", 7, 70, { pipelineId: "another pipeline" });
    // A second process takes partition 1; the first goes on with partition 0.
    await startRun({ metadata: other, tenantId, runId: "r2", pipelineId });
    await write("r2", 1, 20, { generation: 2, epoch: 2 });
    await write("r1", 0, 30, { generation: 1, epoch: 3 });
    await write("r2", 2, 25);
    const begun = await startRun({ metadata, tenantId, runId: "r3", pipelineId });
    expect(begun.map(({ partition, offset }) => [partition, offset])).toEqual([[0, "30"], [1, "20"], [2, "25"]]);
    expect(await readCheckpoints({ metadata, tenantId, runId: "r3" })).toEqual(begun);
    expect(await latestRun({ metadata, tenantId, pipelineId })).toBe("r3");
    // Beginning again, also when it is not the newest any more, changes nothing that it has.
    await write("r3", 0, 40, { generation: 4, epoch: 4 });
    await write("r1", 0, 35, { generation: 1, epoch: 5 });
    expect((await startRun({ metadata, tenantId, runId: "r3", pipelineId })).map(({ offset }) => offset)).toEqual(["40", "20", "25"]);
    expect(await latestRun({ metadata, tenantId, pipelineId: "unknown" })).toBeUndefined();
  }],

  ["SCP-5: a run that died before it had anything is passed over; runs that are long past are forgotten, what they wrote is not", async ({ metadata }) => {
    await startRun({ metadata, tenantId, runId: "first", pipelineId });
    await writeCheckpoint({ metadata, tenantId, runId: "first", checkpoint: { pipelineId, partition: 0, offset: 5 } });
    // As a crash leaves it: enlisted, and no more.
    const head = await metadata.get("pipeline_latest_runs", JSON.stringify([tenantId, pipelineId]));
    await metadata.put("pipeline_latest_runs", JSON.stringify([tenantId, pipelineId]), { runIds: ["died", "first"] }, head?.version ?? 0);
    for (let run = 0; run < 40; run++) expect(await startRun({ metadata, tenantId, runId: `run ${run}`, pipelineId })).toEqual([{ pipelineId, partition: 0, offset: "5" }]);
    expect(await readCheckpoints({ metadata, tenantId, runId: "first" })).toEqual([]);
    expect((await metadata.list("pipeline_runs")).length).toBe(32);
  }],
];
