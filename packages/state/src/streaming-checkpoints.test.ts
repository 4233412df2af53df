import { testEnvironment, MemoryStorage, memoryStores } from "@streamflow/core/testing";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { closeAll } from "./data-folder.ts";
import { openSqliteStores } from "./stores/sqlite-stores.ts";
import { streamingCheckpointCases } from "./streaming-checkpoints.fixture.ts";
import { writeCheckpoint } from "./streaming-checkpoints.ts";

describe("in memory", () => {
  it.each(streamingCheckpointCases)("%s", async (_, run) => {
    const [{ clock }, storage] = [testEnvironment(), new MemoryStorage()];
    await run({ metadata: memoryStores(clock, storage).metadata, other: memoryStores(clock, storage).metadata });
  });
});

describe("in SQLite, from two connections", () => {
  it.each(streamingCheckpointCases)("%s", async (_, run) => {
    const folder = mkdtempSync(join(tmpdir(), "streamflow-scp-"));
    const { environment } = testEnvironment();
    const stores = [1, 2].map(() => openSqliteStores(join(folder, "a.db"), environment));
    try {
      await run({ metadata: stores[0]!.metadata, other: stores[1]!.metadata });
    } finally {
      for (const each of stores) await closeAll(each);
      rmSync(folder, { recursive: true });
    }
  });
});

it("gives up where others always come first", async () => {
  const { metadata } = memoryStores(testEnvironment().clock);
  const place = { metadata: { ...metadata, get: metadata.get.bind(metadata), put: () => Promise.resolve(undefined) }, runId: "r", tenantId: "t" };
  await expect(writeCheckpoint({ ...place, checkpoint: { pipelineId: "p", partition: 0, offset: 1 } })).rejects.toMatchObject({ code: "SF_CHECKPOINT_FAILED" });
});
