// The command line over Postgres, for stores and sink alike: the process is killed again and again, then the server is. What is in the tables is what an
// uninterrupted run gives.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { postgres, type Server } from "../testbed/index.ts";

const root = join(import.meta.dirname, "../..");
const records = 100_000;
const folder = mkdtempSync(join(tmpdir(), "streamflow-e2e-"));
const children: ChildProcess[] = [];

beforeAll(() => {
  const lines = Array.from({ length: records }, (_, id) => {
    const ts = new Date(Date.UTC(2024, 0, 1) + id * 50 - ((id * 7_919) % 4_000)).toISOString();
    return id % 9_973 === 5 ? `{"id":${id},` : JSON.stringify({ id, ts, route: `r${(id * 31) % 9}`, price: (id % 97) / 4 });
  });
  writeFileSync(join(folder, "orders.ndjson"), `${lines.join("\n")}\n`);
});

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** @param maxRecords of a batch */
function pipeline(name: string, maxRecords: number): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, `name: ${name}
checkpoint: { every: 20ms }
restart: { initialDelay: 100ms }
batch: { maxRecords: ${maxRecords} }
source:
  type: file
  path: orders.ndjson
  schema: { id: int32, ts: timestamp, route: string, price: float64 }
stages:
  - { type: eventTime, timestamp: ts, outOfOrderness: 2s }
  - { type: keyBy, key: route }
  - { type: window, id: per-minute, tumbling: 1m, aggregate: { n: count(), total: sum(price), most: max(id) } }
sinks:
  - { type: postgres, id: totals, url: "\${DATABASE_URL}", table: totals_${name} }
  - { type: postgres, id: routes, url: "\${DATABASE_URL}", table: routes_${name}, mode: upsert, key: [route] }
  - { type: postgres, id: late, from: per-minute.late, url: "\${DATABASE_URL}", table: late_${name} }
`);
  return path;
}

interface Running {
  readonly child: ChildProcess;
  readonly events: Record<string, unknown>[];
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>;
}

function run(url: string, args: readonly string[]): Running {
  const flags = ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", join(root, "packages/cli/src/bin.ts"), "--host", join(root, "apps/runner/src/index.ts")];
  const child = spawn(process.execPath, [...flags, ...args], { cwd: folder, env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"), DATABASE_URL: url, STREAMFLOW_STORE: url } });
  children.push(child);
  const events: Record<string, unknown>[] = [];
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  createInterface({ input: child.stdout }).on("line", (line) => events.push(JSON.parse(line) as Record<string, unknown>));
  return { child, events, ended: new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal, stderr }))) };
}

async function expectRun(url: string, file: string): Promise<void> {
  const running = run(url, ["run", file, "--json"]);
  const { code, stderr } = await running.ended;
  expect({ code, stderr, last: code === 0 ? undefined : running.events.at(-1) }).toEqual({ code: 0, stderr: "", last: undefined });
}

/** Resolves when the run has ended, or has committed something in this life. */
async function hasCommitted({ events, ended }: Running): Promise<void> {
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  while (!hasEnded && !events.some(({ event, recordsIn, epoch }) => event === "progress" && Number(recordsIn) > 0 && Number(epoch) > 0)) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function rows(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** From now on commits of sinks take a while, so that runs last long enough to be disturbed. */
async function slowCommits(url: string): Promise<void> {
  await rows(url, `CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.05); RETURN NULL; END $$;
    CREATE TRIGGER slow_commit BEFORE UPDATE ON _streamflow_commits EXECUTE FUNCTION slow_commit()`);
}

async function expectSame(url: string, name: string): Promise<void> {
  const whole = async (table: string, of: string): Promise<readonly Record<string, unknown>[]> => rows(url, `SELECT * FROM ${table}_${of} AS t ORDER BY t::text`);
  expect((await whole("totals", "whole")).length).toBeGreaterThan(200);
  expect((await whole("late", "whole")).length).toBeGreaterThan(100);
  expect(await whole("routes", "whole")).toHaveLength(9);
  for (const table of ["totals", "late", "routes"]) expect(await whole(table, name), table).toEqual(await whole(table, "whole"));
}

describe("a pipeline whose stores and sinks are in Postgres", () => {
  const url = inject("postgres");

  it("gives what an uninterrupted run gives, however often it is killed; its data folder stays empty", { timeout: 180_000 }, async () => {
    await expectRun(url, pipeline("whole", 1024));
    await slowCommits(url);
    const file = pipeline("killed", 1);
    let kills = 0;
    for (;;) {
      const running = run(url, ["run", file, "--json", "--progress", "50ms"]);
      if (kills < 4) await hasCommitted(running);
      if (kills < 4) running.child.kill("SIGKILL");
      const { code, signal, stderr } = await running.ended;
      if (signal !== "SIGKILL") {
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        break;
      }
      kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(2);
    await expectSame(url, "killed");
    const letters = run(url, ["inspect", "dead-letters", "killed", "--json"]);
    await letters.ended;
    expect(letters.events).toMatchObject([{ total: Math.floor((records - 5) / 9_973) + 1 }]);
    expect(await rows(url, "SELECT count(*) > 0 AS found FROM streamflow.checkpoints WHERE pipeline = 'killed'")).toEqual([{ found: true }]);
    await rows(url, "DROP FUNCTION slow_commit CASCADE");
  });

  it("gives the same where the server crashes and comes back in the middle of it", { timeout: 180_000 }, async () => {
    const own: Server = await postgres.start();
    try {
      await expectRun(own.url, pipeline("whole", 1024));
      await slowCommits(own.url);
      const running = run(own.url, ["run", pipeline("crashed", 1), "--json", "--progress", "50ms"]);
      await hasCommitted(running);
      await own.restart();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await own.restart();
      const { code, stderr } = await running.ended;
      expect(code, stderr).toBe(0);
      expect(running.events.at(-1)).toMatchObject({ event: "finished", restarts: expect.any(Number) });
      expect(running.events.at(-1)?.["restarts"]).toBeGreaterThanOrEqual(1);
      await expectSame(own.url, "crashed");
    } finally {
      await own.stop();
    }
  });
});
