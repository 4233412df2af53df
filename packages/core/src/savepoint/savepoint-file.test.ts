import { describe, expect, it } from "vitest";
import { testEnvironment } from "../testing/environment.ts";
import type { Savepoint } from "./savepoint.ts";
import { isSavepointPath, readSavepointFile, writeSavepointFile } from "./savepoint-file.ts";

const savepoint: Savepoint = {
  pipeline: "orders", createdMs: 5, plan: { sum: "f" },
  shards: [
    { shard: "p:in/ä", epoch: 7, generation: 2, positions: { "ä": "12" }, progress: { ordinal: 3, "watermark x": "end" }, states: [{ node: "sum", state: "sums", serializer: "plain", version: 1, bytes: Uint8Array.of(1, 2, 3) }, { node: "sum", state: "empty", serializer: "plain", version: 1, bytes: new Uint8Array() }] },
    { shard: "p:in/1", epoch: 8, generation: 2, positions: {}, progress: {}, states: [] },
  ],
  backlog: new Map([["out", Uint8Array.of(9, 9)]]),
};

async function written(): Promise<{ readonly environment: ReturnType<typeof testEnvironment>["environment"]; readonly bytes: Uint8Array; change(bytes: Uint8Array): Promise<void> }> {
  const { environment } = testEnvironment();
  await writeSavepointFile(savepoint, "/s/a.savepoint", environment);
  const file = await environment.disk.openRead("/s/a.savepoint");
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0, bytes.length, 0);
  await file.close();
  const change = async (next: Uint8Array): Promise<void> => {
    const target = await environment.disk.openWrite("/s/a.savepoint");
    await target.truncate(0);
    await target.write(next, 0);
    await target.close();
  };
  return { environment, bytes, change };
}

describe("savepoint files", () => {
  it("come back as they were written, and leave nothing else in the folder", async () => {
    const { environment } = await written();
    expect(await readSavepointFile("/s/a.savepoint", environment.disk)).toEqual(savepoint);
    expect(await environment.disk.list("/s")).toEqual(["a.savepoint"]);
  });

  it("are not written over", async () => {
    const { environment } = await written();
    await expect(writeSavepointFile(savepoint, "/s/a.savepoint", environment)).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
    await expect(readSavepointFile("/s/b.savepoint", environment.disk)).rejects.toMatchObject({ code: "SF_CONFIG_INVALID" });
  });

  it("tell any changed bit, any cut and any addition", async () => {
    const { environment, bytes, change } = await written();
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 4;
      await change(changed);
      await expect(readSavepointFile("/s/a.savepoint", environment.disk), `byte ${at}`).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
      await change(bytes.slice(0, at));
      await expect(readSavepointFile("/s/a.savepoint", environment.disk), `cut at ${at}`).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
    }
    await change(Uint8Array.of(...bytes, 0));
    await expect(readSavepointFile("/s/a.savepoint", environment.disk)).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
  });

  it("are told from names", () => {
    expect(["a.savepoint", "/tmp/a", "./a", "a", "a.b"].map(isSavepointPath)).toEqual([true, true, true, false, false]);
  });
});
