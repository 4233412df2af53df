import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { Kept } from "./kept.ts";

// A folder of its own: what is up on this machine is none of these tests' business, and they leave it alone.
const folder = mkdtempSync(join(tmpdir(), "sf-up-"));

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function testbed(...args: readonly string[]): Promise<Result> {
  const program = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "../main.ts"), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, program, { env: { ...process.env, TMPDIR: folder } }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }));
  });
}

const whatIsUp = async (): Promise<readonly Kept[]> => JSON.parse((await testbed("status", "--json")).stdout) as Kept[];

function listens(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true))).once("error", () => resolve(false));
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 20_000; !(await condition()); await new Promise((resolve) => setTimeout(resolve, 20))) if (Date.now() > endMs) expect.fail("it does not come");
}

afterEach(async () => {
  await testbed("down");
  expect(readdirSync(folder).filter((name) => name.startsWith("streamflow-redis"))).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

it("U1: up starts a server once, however often and at once it is told; down ends it, and nothing is left", async () => {
  const results = await Promise.all([testbed("up", "redis", "--json"), testbed("up", "redis", "--json"), testbed("up", "redis", "--json")]);
  expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(results.map(() => ({ code: 0, stderr: "" })));
  const [first] = await whatIsUp();
  expect(results.map(({ stdout }) => (JSON.parse(stdout) as Kept[])[0]?.url)).toEqual(results.map(() => first?.url));
  expect(await listens(first?.url ?? "")).toBe(true);
  expect((await testbed("logs", "redis", "--lines", "100")).stdout).toContain("Ready to accept connections");
  expect((await testbed("status")).stdout).toMatch(/postgres +down\nredis +redis:/);
  expect((await testbed("down", "redis")).code).toBe(0);
  expect(await whatIsUp()).toEqual([]);
  expect(await listens(first?.url ?? "")).toBe(false);
  expect(existsSync(first?.folder ?? "")).toBe(false);
});

it("U2: a keeper that was killed takes its server along, does not look alive, and does not stand in the way of the next", async () => {
  await testbed("up", "redis");
  const [first] = await whatIsUp();
  process.kill(first?.pid ?? 0, "SIGKILL");
  await until(async () => !(await listens(first?.url ?? "")));
  expect(await whatIsUp()).toEqual([]);
  expect((await testbed("up", "redis")).code).toBe(0);
  const [second] = await whatIsUp();
  expect(second?.pid).not.toBe(first?.pid);
  expect(await listens(second?.url ?? "")).toBe(true);
});

it("a keeper that is told by the system ends its server and leaves nothing", async () => {
  await testbed("up", "redis");
  const [server] = await whatIsUp();
  process.kill(server?.pid ?? 0, "SIGTERM");
  await until(() => Promise.resolve(!existsSync(server?.folder ?? "")));
  await until(async () => (await whatIsUp()).length === 0);
});

it.each([
  [["up"], "say which: kafka, postgres, redis"],
  [["up", "mysql"], "there is no service mysql; there are kafka, postgres, redis"],
  [["start", "redis"], "there is no command start"],
])("%j is refused: %s", async (args, message) => {
  const { code, stderr } = await testbed(...args);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) as string });
});
