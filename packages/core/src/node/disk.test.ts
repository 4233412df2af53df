import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { registerConformance } from "../testing/conformance/case.ts";
import { diskConformance } from "../testing/conformance/disk.ts";
import { diskError } from "./disk-error.ts";
import { nodeDisk } from "./disk.ts";

describe.each([false, true])("disk of the machine (reads block: %s)", (readsBlock) => {
  registerConformance(
    it,
    diskConformance({
      capabilities: { crash: false, fill: false, forbid: false },
      create: async () => {
        const folder = await mkdtemp(`${tmpdir()}/streamflow-disk-`);
        return { disk: nodeDisk({ readsBlock }), folder, dispose: () => rm(folder, { recursive: true, force: true }) };
      },
    }),
  );
});

describe("failures of the machine's disk", () => {
  it.skipIf(process.platform !== "linux")("DSK-5: the system's full device is SF_DISK_FULL", async () => {
    const file = await nodeDisk().openWrite("/dev/full");
    await expect(file.write(new Uint8Array(10), 0)).rejects.toMatchObject({ code: "SF_DISK_FULL", retryable: true, message: expect.stringContaining('"/dev/full"') });
    await file.close();
  });

  it.each([
    ["ENOSPC", "SF_DISK_FULL", "other"],
    ["EDQUOT", "SF_DISK_FULL", "other"],
    ["EACCES", "SF_DISK_READ_ONLY", "other"],
    ["EPERM", "SF_DISK_READ_ONLY", "other"],
    ["EROFS", "SF_DISK_READ_ONLY", "other"],
    ["ENOENT", "SF_DISK_FAILED", "missing"],
    ["EEXIST", "SF_DISK_FAILED", "exists"],
    ["EIO", "SF_DISK_FAILED", "other"],
  ])("DSK-5: %s is %s", (system, code, reason) => {
    const error = diskError(Object.assign(new Error("no"), { code: system }), "write", "/a/b");
    expect(error).toMatchObject({ code, context: { reason, path: "/a/b", operation: "write" }, message: 'cannot write "/a/b": no' });
  });
});

it("a folder where none can be made is an error, not a wait for ever", async () => {
  await expect(nodeDisk().makeFolder("/proc/none/deeper")).rejects.toMatchObject({ code: expect.stringMatching(/^SF_/) as string, context: { path: "/proc/none/deeper" } });
});
