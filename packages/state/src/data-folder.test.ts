// Two real processes on one folder: one is refused, dies or stops, is taken over from, and can do no harm when it comes back.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeEnvironment } from "@streamflow/core/node";
import { testEnvironment } from "@streamflow/core/testing";
import { seal } from "./checkpoint-codec.ts";
import { closeAll, openDataFolder } from "./data-folder.ts";
import { folderNameOf } from "./stores/pipeline-folders.ts";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "streamflow-data-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const kinds = ["files", "files of before ADR 8", "sqlite"] as const;

/** An empty data folder. One of before ADR 8 says nothing of fences: they are files. */
async function folderOf(kind: (typeof kinds)[number]): Promise<string> {
  const folder = await temporaryFolder();
  if (kind === "files of before ADR 8") await writeFile(join(folder, "streamflow.json"), seal({ checkpoints: "files" }));
  return folder;
}

describe("a data folder", () => {
  for (const checkpoints of ["files", "sqlite"] as const) {
    it(`keeps what all four stores were given (checkpoints: ${checkpoints})`, async () => {
      const folder = join(await temporaryFolder(), "a", "b");
      const environment = nodeEnvironment();
      const first = await openDataFolder(folder, environment, { checkpoints });
      const segment = await first.checkpoints.writeSegment("p", Uint8Array.of(1, 2));
      await first.checkpoints.publish("p", { epoch: 3, createdMs: 0, plan: {}, manifests: [], prepared: { sink: segment } });
      await first.logs.append("log", [Uint8Array.of(4)]);
      await first.metadata.put("c", "id", { n: 5 });
      const [fence] = await first.leases.acquire({ pipeline: "p", shards: ["k:0"], owner: "a", ttlMs: 60_000 });
      await first.leases.release({ pipeline: "p", shards: ["k:0"], owner: "a" });
      await closeAll(first);
      // What it was created as need not be said again.
      const second = await openDataFolder(folder, environment);
      expect(await second.checkpoints.pipelines()).toEqual(["p"]);
      expect((await second.checkpoints.list("p"))[0]?.epoch).toBe(3);
      expect(await second.checkpoints.readSegment("p", segment)).toEqual(Uint8Array.of(1, 2));
      expect(await second.logs.count("log")).toBe(1);
      expect((await second.metadata.get("c", "id"))?.document).toEqual({ n: 5 });
      expect((await second.leases.acquire({ pipeline: "p", shards: ["k:0"], owner: "b", ttlMs: 60_000 }))[0]?.generation).toBe((fence?.generation ?? 0) + 1);
      await closeAll(second);
      await closeAll(second);
    });
  }

  it.each([["files", 0], ["files of before ADR 8", 2]] as const)("keeps fences where it always has (%s)", async (kind, files) => {
    const folder = await folderOf(kind);
    for (const generation of [1, 2]) {
      const stores = await openDataFolder(folder, nodeEnvironment());
      await stores.checkpoints.fence("p", [{ shard: "k:0", generation }]);
      const manifest = { formatVersion: 1, shard: "k:0", epoch: generation, generation, positions: {}, progress: {}, state: [] } as const;
      await stores.checkpoints.publish("p", { epoch: generation, createdMs: 0, plan: {}, manifests: [manifest], prepared: {} });
      expect((await stores.checkpoints.list("p")).map(({ epoch }) => epoch)).toEqual(generation === 1 ? [1] : [2, 1]);
      await closeAll(stores);
    }
    const names = await readdir(join(folder, "checkpoints", folderNameOf("p")));
    expect(names.filter((name) => /fence|seal/.test(name))).toHaveLength(files);
  });

  it("is not opened as another kind than it was created", async () => {
    const folder = await temporaryFolder();
    await closeAll(await openDataFolder(folder, nodeEnvironment()));
    await expect(openDataFolder(folder, nodeEnvironment(), { checkpoints: "sqlite" })).rejects.toMatchObject({ code: "SF_CONFIG_INVALID", message: expect.stringContaining('keeps checkpoints as "files"') });
  });

  it("is no file, and does not lie in one", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    for (const folder of [file, join(file, "below", "it")]) {
      await expect(openDataFolder(folder, nodeEnvironment())).rejects.toMatchObject({ code: "SF_CONFIG_INVALID", message: expect.stringContaining(`"${file}" is a file`) });
    }
  });

  it("that cannot be written is refused with its path", async () => {
    const { disk, environment } = testEnvironment();
    disk.isReadOnly = true;
    await expect(openDataFolder("/data/new", environment)).rejects.toMatchObject({ code: "SF_DISK_READ_ONLY", message: expect.stringContaining("/data") });
  });

  it.skipIf(process.getuid?.() === 0)("that the user may not write is refused with its path", async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o555);
    await expect(openDataFolder(folder, nodeEnvironment())).rejects.toMatchObject({ code: "SF_DISK_READ_ONLY", message: expect.stringContaining(folder) });
  });

  it("with damaged settings or database is refused", async () => {
    const folder = await temporaryFolder();
    await closeAll(await openDataFolder(folder, nodeEnvironment()));
    await writeFile(join(folder, "streamflow.db"), "x".repeat(10_000));
    await rm(join(folder, "streamflow.db-wal"), { force: true });
    await expect(openDataFolder(folder, nodeEnvironment())).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
    await writeFile(join(folder, "streamflow.json"), "x");
    await expect(openDataFolder(folder, nodeEnvironment())).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
  });
});

/** A process that does what it is told, one line at a time: see `worker` below. */
class Worker {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(folder: string, kind: (typeof kinds)[number]) {
    const checkpoints = kind === "sqlite" ? kind : "files";
    this.#child = spawn(process.execPath, ["--conditions=streamflow-source", "--input-type=module", "-e", worker, folder, checkpoints], {
      cwd: new URL(".", import.meta.url).pathname,
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (this.#child.stdout === null) throw new Error("no output");
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    // What it has not read when it is killed.
    this.#child.stdin?.on("error", () => undefined);
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  tell(command: string, ...values: number[]): void {
    this.#child.stdin?.write(`${JSON.stringify([command, ...values])}\n`);
  }

  async answer(): Promise<unknown> {
    const { value } = await this.#answers.next();
    return JSON.parse(String(value));
  }

  ask(command: string, ...values: number[]): Promise<unknown> {
    this.tell(command, ...values);
    return this.answer();
  }

  async signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    const ended = signal === "SIGKILL" ? new Promise((resolve) => this.#child.once("exit", resolve)) : undefined;
    this.#child.kill(signal);
    await ended;
  }
}

const worker = `
  import { createInterface } from "node:readline";
  import { nodeEnvironment } from "@streamflow/core/node";
  import { CheckpointManager, openDataFolder, recover } from ${JSON.stringify(new URL("index.ts", import.meta.url).href)};
  const [folder, checkpoints] = process.argv.slice(1);
  const environment = nodeEnvironment();
  const stores = await openDataFolder(folder, environment, { checkpoints });
  const owner = "owner-" + process.pid;
  const { logger } = environment;
  let manager;
  const commands = {
    async acquire(ttlMs) {
      const fences = await stores.leases.acquire({ pipeline: "p", shards: ["k:0"], owner, ttlMs });
      manager = await CheckpointManager.open({ store: stores.checkpoints, pipeline: "p", fences, logger });
      return fences[0].generation;
    },
    async publish(byte) {
      const draft = manager.begin();
      const state = await draft.writeStates([{ node: "n", state: "s", serializer: "x", version: 1, bytes: Uint8Array.of(byte) }]);
      await draft.publish({ createdMs: 0, plan: {}, shards: [{ shard: "k:0", positions: {}, progress: {}, state }] });
      return draft.epoch;
    },
    async recover() {
      const { shards } = await recover({ store: stores.checkpoints, pipeline: "p", shards: ["k:0"], logger });
      const shard = shards.get("k:0");
      return shard === undefined ? null : [shard.manifest.epoch, shard.states[0].bytes[0]];
    },
  };
  for await (const line of createInterface(process.stdin)) {
    const [command, ...values] = JSON.parse(line);
    const answer = await commands[command](...values).catch((error) => ({ code: error.code, message: error.message }));
    console.log(JSON.stringify(answer));
  }
`;

describe.runIf(process.platform === "linux").each(kinds)("two processes (checkpoints: %s)", (checkpoints) => {
  it("the second is refused with the name of the first; when that is killed, it takes over at once, from the last checkpoint, as a later generation", async () => {
    const folder = await folderOf(checkpoints);
    const first = new Worker(folder, checkpoints);
    expect(await first.ask("acquire", 600_000)).toBe(1);
    expect(await first.ask("publish", 11)).toBe(1);
    expect(await first.ask("publish", 22)).toBe(2);
    const second = new Worker(folder, checkpoints);
    expect(await second.ask("acquire", 600_000)).toMatchObject({ code: "SF_LEASE_HELD", message: expect.stringMatching(/held by "owner-\d+" \(process \d+\)/) });
    await first.signal("SIGKILL");
    expect(await second.ask("acquire", 600_000)).toBe(2);
    expect(await second.ask("recover")).toEqual([2, 22]);
    expect(await second.ask("publish", 33)).toBe(3);
    expect(await second.ask("recover")).toEqual([3, 33]);
  });

  it("one that was stopped until its lease ran out is fenced when it goes on, and changes nothing", async () => {
    const folder = await folderOf(checkpoints);
    const [zombie, successor] = [new Worker(folder, checkpoints), new Worker(folder, checkpoints)];
    expect(await zombie.ask("acquire", 300)).toBe(1);
    expect(await zombie.ask("publish", 11)).toBe(1);
    await zombie.signal("SIGSTOP");
    zombie.tell("publish", 99);
    let generation: unknown;
    do generation = await successor.ask("acquire", 600_000);
    while (typeof generation !== "number");
    expect(generation).toBe(2);
    expect(await successor.ask("recover")).toEqual([1, 11]);
    expect(await successor.ask("publish", 22)).toBe(2);
    await zombie.signal("SIGCONT");
    expect(await zombie.answer()).toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    expect(await zombie.ask("publish", 99)).toMatchObject({ code: "SF_CHECKPOINT_FENCED" });
    expect(await successor.ask("recover")).toEqual([2, 22]);
    expect(await successor.ask("publish", 33)).toBe(3);
  });

  it("one that is killed at any moment while it publishes leaves its last answered checkpoint, or the one after", async () => {
    const folder = await folderOf(checkpoints);
    let last = 0;
    for (let round = 0; round < 4; round++) {
      const child = new Worker(folder, checkpoints);
      expect(await child.ask("acquire", 600_000)).toBe(round + 1);
      const found = (await child.ask("recover")) as [number, number] | null;
      if (round > 0) {
        expect(found?.[0]).toBeGreaterThanOrEqual(last);
        expect(found?.[1]).toBe((found?.[0] ?? 0) & 255);
      }
      last = found?.[0] ?? 0;
      for (let i = 1; i <= 400; i++) child.tell("publish", (last + i) & 255);
      for (let i = 0; i < 5 + round * 7; i++) last = Number(await child.answer());
      await child.signal("SIGKILL");
    }
    expect(last).toBeGreaterThan(60);
  });
});
