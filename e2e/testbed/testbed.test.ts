import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { expect, inject, it } from "vitest";
import { kafka, postgres, redis, services, type Server } from "./index.ts";

/** Whether somebody listens there. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true))).once("error", () => resolve(false));
  });
}

/** What each protocol answers without a password: Kafka's ApiVersions, whether Postgres has TLS, Redis' PONG. */
const questions: Readonly<Record<string, Buffer>> = {
  Kafka: Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]),
  Postgres: Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]),
  Redis: Buffer.from("PING\r\n"),
};

function answers({ name, port }: Server): Promise<"answer"> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(questions[name] ?? ""));
    socket.once("data", () => (socket.destroy(), resolve("answer"))).once("error", reject);
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

it("a broker that was killed is there again on its port, with its data", async () => {
  const server = await kafka.start();
  const data = (): readonly string[] => readdirSync(join(server.folder, "data"));
  await server.kill();
  expect(await listens(server.port)).toBe(false);
  const before = data();
  expect(before).toContain("meta.properties");
  await server.restart();
  expect(await listens(server.port)).toBe(true);
  expect(data()).toEqual(expect.arrayContaining([...before]));
  await server.stop();
  expect(existsSync(server.folder)).toBe(false);
});

it.each(services.map((service) => [service.name, service] as const))("%s: suspended, it answers nobody; resumed, it answers what was asked meanwhile; suspended, it can be killed", async (_, service) => {
  const server = await service.start();
  await server.suspend();
  const answered = answers(server);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await Promise.race([answered, Promise.resolve("silence")])).toBe("silence");
  await server.resume();
  expect(await answered).toBe("answer");
  await server.suspend();
  await server.kill();
  expect(await listens(server.port)).toBe(false);
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
  expect(folders.map((folder) => existsSync(folder))).toEqual(services.map(() => true));
  child.kill("SIGKILL");
  for (const port of ports) await until(async () => !(await listens(port)));
  await until(async () => !folders.some((folder) => existsSync(folder)));
});
