// Savepoints between stores: a pipeline whose checkpoints and output are in Postgres is killed, kept, moved to a data folder, and forked.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const records = 60_000;
const url = inject("postgres");
const folder = mkdtempSync(join(tmpdir(), "streamflow-e2e-savepoint-"));
const client = new Client({ connectionString: url });

beforeAll(async () => {
  await client.connect();
  const lines = Array.from({ length: records }, (_, id) => JSON.stringify({ ts: new Date(Date.UTC(2024, 0, 1) + id * 50).toISOString(), route: `r${(id * 31) % 9}`, price: (id % 97) / 4 }));
  writeFileSync(join(folder, "orders.ndjson"), `${lines.join("\n")}\n`);
});
afterAll(async () => {
  await client.end();
  rmSync(folder, { recursive: true, force: true });
});

function pipeline(name: string, tables: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, `name: ${name}
checkpoint: { every: 20ms }
batch: { maxRecords: 1 }
source: { type: file, id: orders, path: orders.ndjson, schema: { ts: timestamp, route: string, price: float64 } }
stages:
  - { type: eventTime, timestamp: ts }
  - { type: keyBy, key: route }
  - { type: window, id: per-minute, tumbling: 1m, aggregate: { n: count(), total: sum(price) } }
sinks:
  - { type: postgres, id: totals, url: "\${DATABASE_URL}", table: moved_totals_${tables} }
  - { type: postgres, id: routes, url: "\${DATABASE_URL}", table: moved_routes_${tables}, mode: upsert, key: [route] }
`);
  return path;
}

/** The command line; with `kill` it gets that signal as soon as it has committed something. */
async function command(words: readonly string[], { store = url, kill }: { readonly store?: string | undefined; readonly kill?: NodeJS.Signals } = {}): Promise<{ readonly code: number | null; readonly text: string }> {
  const flags = ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", join(root, "packages/cli/src/bin.ts"), "--host", join(root, "apps/runner/src/index.ts")];
  const env = { PATH: process.env["PATH"], NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled"), DATABASE_URL: url, ...(store === "" ? {} : { STREAMFLOW_STORE: store }) };
  const child = spawn(process.execPath, [...flags, ...words, "--json"], { cwd: folder, env });
  let text = "";
  const note = (chunk: string): void => {
    text += chunk;
    if (kill !== undefined && /"recordsOut":[1-9]\d*,.*"epoch":(?!0)\d+/.test(text)) child.kill(kill);
  };
  child.stdout.setEncoding("utf8").on("data", note);
  child.stderr.setEncoding("utf8").on("data", note);
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, text })));
}

const ok = async (...given: Parameters<typeof command>): Promise<void> => expect(await command(...given)).toMatchObject({ code: 0 });
const rows = async (table: string): Promise<readonly unknown[]> => (await client.query(`SELECT * FROM ${table} ORDER BY 1, 2, 3`)).rows;

describe("savepoints over Postgres", { timeout: 120_000 }, () => {
  it("a killed pipeline moves to a data folder with each row once; a fork has what follows", async () => {
    await ok(["run", pipeline("all", "whole")]);
    const whole = await rows("moved_totals_whole");
    expect(whole.length).toBeGreaterThan(100);

    const file = pipeline("moving", "moving");
    expect((await command(["run", file, "--progress", "10ms"], { kill: "SIGKILL" })).code).toBeNull();
    await ok(["savepoint", "create", file, "--to", "kept"]);
    const before = (await rows("moved_totals_moving")).length;
    expect(before).toBeLessThan(whole.length);

    await ok(["savepoint", "copy", "kept", "./kept.savepoint"]);
    await ok(["run", file, "--from", "./kept.savepoint", "--data", "moved"], { store: "" });
    expect(await rows("moved_totals_moving")).toEqual(whole);
    expect(await rows("moved_routes_moving")).toEqual(await rows("moved_routes_whole"));

    // In the database, out of the database: the same epoch, other tables, another identity.
    await ok(["run", pipeline("fork", "fork"), "--from", "kept"]);
    const fork = await rows("moved_totals_fork");
    expect(fork.length).toBe(whole.length - before);
    expect(whole).toEqual(expect.arrayContaining([...fork]));

    // Where it came from, its owner is older than the one that went on: refused, not doubled.
    expect(await command(["run", file])).toMatchObject({ code: 3, text: expect.stringContaining("SF_SINK_FENCED") as string });
    expect(await rows("moved_totals_moving")).toEqual(whole);
    await ok(["savepoint", "delete", "kept"]);
    expect((await client.query("SELECT 1 FROM streamflow.segments WHERE pipeline LIKE 'savepoint/%'")).rowCount).toBe(0);
  });
});
