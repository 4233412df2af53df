import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { expect, inject, it } from "vitest";
import { postgres, redis, services } from "./index.ts";

/** Whether somebody listens there. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true))).once("error", () => resolve(false));
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 20_000; !(await condition()); await new Promise((resolve) => setTimeout(resolve, 20))) if (Date.now() > endMs) expect.fail("it does not come");
}

it("one Postgres and one Redis run for all tests", async () => {
  const client = new Client({ connectionString: inject("postgres") });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
  await client.end();
  expect(Number.parseInt(rows[0]?.server_version ?? "", 10)).toBeGreaterThanOrEqual(13);
  expect(await listens(Number(new URL(inject("redis")).port))).toBe(true);
});

it.each(services.map((service) => [service.name, service] as const))("%s: stops when it is told to, and leaves nothing behind", async (_, service) => {
  const server = await service.start();
  expect(await listens(server.port)).toBe(true);
  await server.stop();
  expect(await listens(server.port)).toBe(false);
});

it("a restart keeps the port and what is committed", async () => {
  const server = await postgres.start();
  const query = async (sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query<Record<string, unknown>>(sql);
    await client.end();
    return rows;
  };
  await query("CREATE TABLE t AS SELECT 1 AS n");
  await server.restart();
  expect(await query("SELECT n FROM t")).toEqual([{ n: 1 }]);
  expect(server.log(1000)).toContain("immediate shutdown");
  await server.stop();
});

it("a server that cannot start says why", async () => {
  await expect(redis.start({ settings: { maxmemory: "nonsense" } })).rejects.toThrow(/Redis did not start[^]*maxmemory/);
});

it("ends with the process that started it, however that went: SIGKILL", async () => {
  const starter = fileURLToPath(new URL("start-servers.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", starter], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
  const { ports, folders } = JSON.parse(line) as { readonly ports: readonly number[]; readonly folders: readonly string[] };
  for (const port of ports) expect(await listens(port)).toBe(true);
  expect(folders.map((folder) => existsSync(folder))).toEqual([true, true]);
  child.kill("SIGKILL");
  for (const port of ports) await until(async () => !(await listens(port)));
  await until(async () => !folders.some((folder) => existsSync(folder)));
});
