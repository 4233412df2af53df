import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Disk } from "../contracts/environment.ts";
import { registerConformance } from "./conformance/case.ts";
import { diskConformance } from "./conformance/disk.ts";
import { ManualClock } from "./manual-clock.ts";
import { VirtualDisk } from "./virtual-disk.ts";

const text = (value: string) => new TextEncoder().encode(value);
const contents = (disk: VirtualDisk) => Object.fromEntries([...disk.files()].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]));

async function put(disk: Disk, path: string, value: string, { sync = true } = {}): Promise<void> {
  const file = await disk.openWrite(path);
  await file.write(text(value));
  if (sync) await file.sync();
  await file.close();
}

describe("virtual disk", () => {
  registerConformance(
    it,
    diskConformance({
      capabilities: { crash: true, fill: true, forbid: true },
      create: () => {
        let disk = new VirtualDisk();
        return {
          disk,
          folder: "/data",
          crash: (seed) => (disk = disk.crash(seed)),
          fill: (roomBytes) => void (disk.quotaBytes = disk.usedBytes + roomBytes),
          forbid: () => void (disk.isReadOnly = true),
        };
      },
    }),
  );
});

describe("power loss on a virtual disk", () => {
  async function outcomes(prepare: (disk: VirtualDisk) => Promise<void>, seeds = 300): Promise<Set<string>> {
    const seen = new Set<string>();
    for (let seed = 0; seed < seeds; seed++) {
      const disk = new VirtualDisk();
      await prepare(disk);
      seen.add(JSON.stringify(contents(disk.crash(seed))));
    }
    return seen;
  }

  it("V1: may lose an unsynced name, synced data notwithstanding", async () => {
    expect(await outcomes((disk) => put(disk, "/data/a", "x"))).toEqual(new Set(["{}", '{"/data/a":"x"}']));
  });

  it("V1: may lose or tear unsynced data under a synced name", async () => {
    const seen = await outcomes(async (disk) => {
      await put(disk, "/data/a", "0123456789", { sync: false });
      await disk.syncFolder("/data");
    });
    expect(seen).toContain('{"/data/a":""}');
    expect(seen).toContain('{"/data/a":"0123456789"}');
    expect(seen).toContain('{"/data/a":"01234"}');
  });

  it("V1: may keep a later write and lose an earlier one", async () => {
    const seen = await outcomes(async (disk) => {
      await put(disk, "/data/a", "____");
      await disk.syncFolder("/data");
      const file = await disk.openWrite("/data/a");
      await file.write(text("A"), 0);
      await file.write(text("B"), 3);
    });
    for (const value of ["____", "A___", "___B", "A__B"]) expect(seen).toContain(`{"/data/a":"${value}"}`);
  });

  it("V1: keeps both ends of a rename together, or neither", async () => {
    const seen = await outcomes(async (disk) => {
      await put(disk, "/data/a", "old");
      await put(disk, "/data/b", "new");
      await disk.syncFolder("/data");
      await disk.rename("/data/b", "/data/a");
    });
    expect(seen).toEqual(new Set(['{"/data/a":"old","/data/b":"new"}', '{"/data/a":"new"}']));
  });

  it("V1: may bring back a removed file until the folder is synced", async () => {
    const remove = async (disk: VirtualDisk) => {
      await put(disk, "/data/a", "x");
      await disk.syncFolder("/data");
      await disk.remove("/data/a");
    };
    expect(await outcomes(remove)).toEqual(new Set(["{}", '{"/data/a":"x"}']));
    const synced = async (disk: VirtualDisk) => {
      await remove(disk);
      await disk.syncFolder("/data");
    };
    expect(await outcomes(synced)).toEqual(new Set(["{}"]));
  });

  it("V1: loses a folder whose name was not synced, with everything in it", async () => {
    const seen = await outcomes(async (disk) => {
      await disk.makeFolder("/data/sub");
      await put(disk, "/data/sub/a", "x");
      await disk.syncFolder("/data/sub");
    });
    expect(seen).toEqual(new Set(["{}", '{"/data/sub/a":"x"}']));
  });

  it("V1: synced bytes stay, whatever happens around them (property)", async () => {
    const step = fc.record({ at: fc.nat(1500), length: fc.integer({ min: 1, max: 1200 }), fill: fc.integer({ min: 1, max: 255 }), kind: fc.constantFrom("write", "write", "sync", "truncate") });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(), async (steps, seed) => {
        const disk = new VirtualDisk();
        const file = await disk.openWrite("/data/a");
        await disk.syncFolder("/data");
        let live = new Uint8Array();
        let versions: Uint8Array[] = [live];
        for (const { kind, at, length, fill } of steps) {
          if (kind === "sync") {
            await file.sync();
            versions = [live];
            continue;
          }
          const next = new Uint8Array(kind === "truncate" ? at : Math.max(live.length, at + length));
          next.set(live.subarray(0, next.length));
          if (kind === "truncate") await file.truncate(at);
          else {
            next.fill(fill, at, at + length);
            await file.write(new Uint8Array(length).fill(fill), at);
          }
          live = next;
          versions.push(live);
        }
        const live0 = disk.files().get("/data/a");
        expect(live0).toEqual(live);
        const after = disk.crash(seed).files().get("/data/a") ?? new Uint8Array();
        // Every byte is what some state since the last sync had there; a hole or a cut reads as zero.
        for (const [i, byte] of after.entries()) expect(byte === 0 || versions.some((version) => version[i] === byte)).toBe(true);
        if (versions.length === 1) expect(after).toEqual(live);
      }),
      { numRuns: 200 },
    );
  });

  it("V2: a crashed or killed disk is dead, and its open files too", async () => {
    const disk = new VirtualDisk();
    const file = await disk.openWrite("/data/a");
    const next = disk.crash(1);
    await expect(file.write(text("late"))).rejects.toMatchObject({ code: "SF_DISK_FAILED", context: { reason: "dead" } });
    await expect(disk.list("/data")).rejects.toMatchObject({ context: { reason: "dead" } });
    expect(() => disk.kill()).toThrow(/dead already/);
    expect(await next.list("/data")).toBeDefined();
    const after = next.kill();
    await expect(next.openWrite("/data/b")).rejects.toMatchObject({ context: { reason: "dead" } });
    expect(await after.list("/data")).toEqual(await after.list("/data"));
  });

  it("V2: a kill keeps everything; what was not synced is still lost in a later power loss", async () => {
    const disk = new VirtualDisk();
    await put(disk, "/data/a", "x", { sync: false });
    const after = disk.kill();
    expect(contents(after)).toEqual({ "/data/a": "x" });
    const lost = [];
    for (let seed = 0; seed < 50; seed++) {
      const again = new VirtualDisk();
      await put(again, "/data/a", "x", { sync: false });
      lost.push(again.kill().crash(seed).files().size === 0);
    }
    expect(lost).toContain(true);
  });

  it("V3: one seed leaves one disk", async () => {
    const once = async () => {
      const disk = new VirtualDisk();
      for (let i = 0; i < 10; i++) await put(disk, `/data/${i}`, "x".repeat(900), { sync: i % 3 === 0 });
      return contents(disk.crash(9));
    };
    expect(await once()).toEqual(await once());
  });
});

describe("failures of a virtual disk", () => {
  it("breaks after so many changes, and mends", async () => {
    const disk = new VirtualDisk();
    disk.failAfter(2);
    const file = await disk.openWrite("/data/a");
    await file.write(text("x"));
    await expect(file.sync()).rejects.toMatchObject({ code: "SF_DISK_FAILED", context: { reason: "broken" } });
    expect(await file.read(new Uint8Array(1), 0, 1, 0)).toBe(1);
    disk.failAfter(Infinity);
    await file.sync();
    expect(disk.changes).toBe(3);
  });

  it("a write that does not fit leaves the part that did", async () => {
    const disk = new VirtualDisk({ quotaBytes: 5 });
    const file = await disk.openWrite("/data/a");
    await expect(file.write(text("0123456789"))).rejects.toMatchObject({ code: "SF_DISK_FULL", retryable: true });
    expect(contents(disk)).toEqual({ "/data/a": "01234" });
  });

  it("beforeOperation may slow, break or watch; the clock stamps files", async () => {
    const clock = new ManualClock({ startMs: 5000 });
    const seen: string[] = [];
    const disk = new VirtualDisk({ clock, beforeOperation: (operation, path) => void seen.push(`${operation} ${path}`) });
    await put(disk, "/data/a", "x");
    expect((await disk.stat("/data/a"))?.modifiedMs).toBe(5000);
    expect(seen).toEqual(["create /data/a", "write /data/a", "sync /data/a", "stat /data/a"]);
  });
});
