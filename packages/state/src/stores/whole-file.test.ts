import { expect, it } from "vitest";
import type { Disk } from "@streamflow/core";
import { VirtualDisk } from "@streamflow/core/testing";
import { createSynced, makeFolderDurably, readIfThere, readWhole, writeAtomically } from "./whole-file.ts";

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i & 255);

it("a file that was written atomically is there whole after a power loss, and reads back however little is read at a time", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new VirtualDisk();
    await writeAtomically(disk, "/data", { name: "a", temporary: "a.tmp", bytes });
    const after = disk.crash(seed);
    expect(await readWhole(after, "/data/a")).toEqual(bytes);
    expect(await after.list("/data")).toEqual(["a"]);
  }
  const disk = new VirtualDisk();
  await createSynced(disk, "/data/a", bytes);
  const slow: Disk = new Proxy(disk, {
    get: (target, name) => {
      if (name !== "openRead") return (Reflect.get(target, name, target) as () => unknown).bind(target);
      return async (path: string) => {
        const file = await target.openRead(path);
        const read = file.read.bind(file);
        file.read = (into, offset, length, position) => read(into, offset, Math.min(length, 7), position);
        return file;
      };
    },
  });
  expect(await readWhole(slow, "/data/a")).toEqual(bytes);
});

it("a failed write leaves nothing, and does not touch what is there", async () => {
  const disk = new VirtualDisk({ quotaBytes: 6000 });
  await createSynced(disk, "/data/a", bytes);
  await expect(createSynced(disk, "/data/b", bytes)).rejects.toMatchObject({ code: "SF_DISK_FULL" });
  await expect(createSynced(disk, "/data/a", Uint8Array.of(1))).rejects.toMatchObject({ code: "SF_DISK_FAILED" });
  expect(await disk.list("/data")).toEqual(["a"]);
  expect(await readWhole(disk, "/data/a")).toEqual(bytes);
});

it("a missing file reads as undefined, any other failure is one", async () => {
  const disk = new VirtualDisk();
  expect(await readIfThere(disk, "/data/none")).toBeUndefined();
  await expect(readIfThere(disk, "/data")).rejects.toMatchObject({ code: "SF_DISK_FAILED" });
});

it("a folder and all of its parents outlive a power loss", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new VirtualDisk();
    await makeFolderDurably(disk, "/data/a/b/c");
    expect((await disk.crash(seed).stat("/data/a/b/c"))?.kind).toBe("folder");
  }
});
