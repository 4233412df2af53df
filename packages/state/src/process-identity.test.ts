import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { Disk } from "@streamflow/core";
import { nodeDisk } from "@streamflow/core/node";
import { VirtualDisk } from "@streamflow/core/testing";
import { identifyProcess } from "./process-identity.ts";

const isLinux = process.platform === "linux";

/** A /proc made of these files. */
async function proc(files: Readonly<Record<string, string>>): Promise<Disk> {
  const disk = new VirtualDisk({ folders: ["/proc"] });
  for (const [path, text] of Object.entries({ "sys/kernel/random/boot_id": "boot\n", "1/stat": stat(1, "S", 7), ...files })) {
    await disk.makeFolder(`/proc/${path.slice(0, path.lastIndexOf("/"))}`);
    const file = await disk.openWrite(`/proc/${path}`);
    await file.write(new TextEncoder().encode(text));
    await file.close();
  }
  return disk;
}

function stat(pid: number, state: string, start: number, name = "node"): string {
  return `${pid} (${name}) ${state} ${Array.from({ length: 18 }, (_, i) => i).join(" ")} ${start} 99 98\n`;
}

describe("from a made-up /proc", () => {
  it("names a process by place, id and start, whatever its program is called", async () => {
    const one = await identifyProcess(await proc({ "self/stat": stat(42, "R", 1234, ") S 1 (x y)") }));
    expect(one?.id).toMatch(/^[0-9a-f]{8}\/42\/1234$/);
  });

  it("sees processes that run, ended, wait for their parent, or are others with the same id", async () => {
    const me = await identifyProcess(await proc({ "self/stat": stat(42, "R", 1234), "42/stat": stat(42, "R", 1234), "43/stat": stat(43, "Z", 5), "44/stat": stat(44, "S", 6) }));
    const place = me?.id.split("/")[0];
    expect(await me?.isAlive(me.id)).toBe(true);
    expect(await me?.isAlive(`${place}/44/6`)).toBe(true);
    expect(await me?.isAlive(`${place}/43/5`)).toBe(false);
    expect(await me?.isAlive(`${place}/44/5`)).toBe(false);
    expect(await me?.isAlive(`${place}/45/5`)).toBe(false);
  });

  it("cannot see what runs elsewhere: on another machine, after another boot, in another container", async () => {
    const self = { "self/stat": stat(42, "R", 1234) };
    const here = await identifyProcess(await proc(self));
    const rebooted = await identifyProcess(await proc({ ...self, "sys/kernel/random/boot_id": "other" }));
    const contained = await identifyProcess(await proc({ ...self, "1/stat": stat(1, "S", 8) }));
    for (const other of [rebooted, contained]) expect(await here?.isAlive(other?.id ?? "")).toBeUndefined();
    for (const odd of ["", "nonsense", `${here?.id.split("/")[0]}/../../etc/1`]) expect(await here?.isAlive(odd)).toBeUndefined();
  });

  it("knows nothing where there is no /proc", async () => {
    expect(await identifyProcess(new VirtualDisk())).toBeUndefined();
  });
});

describe.runIf(isLinux)("from the machine's /proc", () => {
  it("sees a child die", async () => {
    const me = await identifyProcess(nodeDisk());
    expect(me?.id.split("/")[1]).toBe(String(process.pid));
    expect(await me?.isAlive(me.id)).toBe(true);
    const script = `const { identifyProcess } = await import(${JSON.stringify(new URL("process-identity.ts", import.meta.url).href)});
      const { nodeDisk } = await import("@streamflow/core/node");
      process.stdout.write((await identifyProcess(nodeDisk())).id); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--conditions=streamflow-source", "--input-type=module", "-e", script], { cwd: new URL(".", import.meta.url).pathname, stdio: ["ignore", "pipe", "inherit"] });
    const [id] = (await once(child.stdout, "data")) as [Buffer];
    expect(await me?.isAlive(id.toString())).toBe(true);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await me?.isAlive(id.toString())).toBe(false);
  });
});
