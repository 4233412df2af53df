// Savepoints of real processes on real files and tables: started, moved, renamed, forked.
import { describe, expect, it } from "vitest";
import { type Running, Workspace } from "../test/processes.ts";

/** More than a process reads before it hears that it is to stop. */
const count = 120_000;
const lines = (length: number): string => Array.from({ length }, (_, second) => `${JSON.stringify({ ts: new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString(), route: `r${second % 3}` })}\n`).join("");

interface Variant {
  readonly table?: string;
  readonly aggregate?: string;
  readonly window?: string;
}

function pipeline(name: string, { table = "totals", aggregate = "n: count()", window = "per-minute" }: Variant = {}): string {
  return `name: ${name}
checkpoint: { every: 30ms }
batch: { maxRecords: 2 }
source: { type: file, id: orders, path: orders.ndjson, schema: { ts: timestamp, route: string } }
stages:
  - { type: eventTime, timestamp: ts }
  - { type: keyBy, key: route }
  - { type: window, id: ${window}, tumbling: 1m, aggregate: { ${aggregate} } }
sinks:
  - { type: sqlite, id: rows, path: out.db, table: ${table} }
`;
}

function workspace(records = count): Workspace {
  const made = new Workspace();
  made.write("orders.ndjson", lines(records));
  made.write("orders.yaml", pipeline("orders"));
  return made;
}

const sorted = (made: Workspace, table: string): readonly unknown[] => made.rows("out.db", `SELECT * FROM ${table} ORDER BY 1, 2, 3`);
const sum = (made: Workspace, table = "totals"): unknown => made.rows("out.db", `SELECT sum(n) AS n FROM ${table}`)[0]?.["n"];

/** Resolves when some windows are in the table, which is locked now and then. */
async function hasOutput(made: Workspace, running: Running): Promise<void> {
  for (let tries = 0; tries < 2_000 && running.child.exitCode === null; tries++) {
    try {
      if ((sum(made) ?? 0) !== 0) return;
    } catch (error) {
      expect(String(error)).toMatch(/locked|no such table/);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect.fail(`no output: ${running.stderr}`);
}

async function command(made: Workspace, ...words: readonly string[]): Promise<{ readonly code: number | null; readonly json: Readonly<Record<string, unknown>>; readonly text: string }> {
  const { code, stdout, stderr } = await made.command(...words, "--json").ended;
  const last = stdout.trim().split("\n").at(-1) ?? "";
  return { code, json: (last === "" ? {} : JSON.parse(last)) as Readonly<Record<string, unknown>>, text: `${stdout}${stderr}` };
}

describe("savepoints", { timeout: 180_000 }, () => {
  it("stop with one, and go on from its file with other stores: each record once", async () => {
    await using made = workspace();
    const run = made.command("run", "orders.yaml", "--savepoint", "s1", "--data", "here");
    await hasOutput(made, run);
    run.child.kill("SIGINT");
    const stopped = await run.ended;
    expect([stopped.code, stopped.stderr]).toEqual([0, expect.stringMatching(/savepoint s1: epoch \d+/)]);
    expect(sum(made)).toBeLessThan(count);
    expect((await command(made, "savepoint", "list", "orders", "--data", "here")).json["savepoints"]).toMatchObject([{ name: "s1", pipeline: "orders", nodes: ["per-minute"] }]);
    expect((await command(made, "savepoint", "copy", "s1", "./s1.savepoint", "--data", "here")).code).toBe(0);
    const shown = await command(made, "savepoint", "show", "./s1.savepoint", "--data", "here");
    expect(shown.json["positions"]).toMatchObject([{ shard: "p:orders/orders.ndjson" }]);
    const moved = await command(made, "run", "orders.yaml", "--from", "./s1.savepoint", "--data", "there");
    expect([moved.code, moved.json["event"]], moved.text).toEqual([0, "finished"]);
    expect(sum(made)).toBe(count);
    const again = await command(made, "run", "orders.yaml", "--from", "./s1.savepoint", "--data", "there");
    expect([again.code, again.text]).toEqual([0, expect.stringContaining('"isRepeated":true')]);
    expect(sum(made)).toBe(count);
    // Once removed it is gone; the copy is not.
    expect((await command(made, "savepoint", "delete", "s1", "--data", "here")).code).toBe(0);
    expect(await command(made, "savepoint", "show", "s1", "--data", "here")).toMatchObject({ code: 2, json: { error: { code: "SF_CONFIG_INVALID" } } });
  });

  it("of a pipeline that was killed is what its sinks have, and a renamed one goes on in its table", async () => {
    await using made = workspace();
    const run = made.command("run", "orders.yaml");
    await hasOutput(made, run);
    run.child.kill("SIGKILL");
    await run.ended;
    const created = await command(made, "savepoint", "create", "orders.yaml", "--to", "s2");
    expect([created.code, created.json["name"]], created.text).toEqual([0, "s2"]);
    made.write("renamed.yaml", pipeline("renamed"));
    const renamed = await command(made, "run", "renamed.yaml", "--from", "s2");
    expect([renamed.code, renamed.json["event"]], renamed.text).toEqual([0, "finished"]);
    expect(sum(made)).toBe(count);
  });

  it("of a pipeline in a runner, which goes on; a fork gives what follows", async () => {
    await using made = workspace(2 * count);
    made.write("pipelines/orders.yaml", pipeline("orders").replaceAll("path: ", "path: ../"));
    made.write("pipelines/idle.yaml", "name: idle\nsource: { type: stdin, schema: { route: string } }\nsinks:\n  - { type: sqlite, path: ../idle.db, table: t }\n");
    const hosted = await made.host();
    await hasOutput(made, hosted.running);
    expect(await hosted.post("/pipelines/orders/savepoints/live")).toMatchObject({ status: 201, body: { name: "live", pipeline: "orders" } });
    const idle = await command(made, "savepoint", "create", "idle", "--runner", hosted.url);
    expect([idle.code, idle.json["pipeline"]], idle.text).toEqual([0, "idle"]);
    const byRunner = await command(made, "savepoint", "create", "idle", "--runner", hosted.url, "--to", "live");
    expect([byRunner.code, byRunner.text]).toEqual([2, expect.stringContaining("already")]);
    expect((await hosted.post("/pipelines/orders/savepoints/live")).status).toBe(422);
    expect((await hosted.post("/pipelines/nobody/savepoints")).status).toBe(404);
    await hosted.status("orders", "finished");
    expect(sum(made)).toBe(2 * count);
    expect((await hosted.post("/pipelines/orders/savepoints")).status).toBe(409);
    expect((await hosted.get("/savepoints")).body["savepoints"]).toMatchObject([{ name: expect.stringMatching(/^idle-\d{8}-\d{6}$/) as string }, { name: "live" }]);
    // The name of the input is its path as it is written.
    made.write("elsewhere.yaml", pipeline("elsewhere", { table: "forked" }));
    expect(await command(made, "run", "elsewhere.yaml", "--data", "data", "--from", "live")).toMatchObject({ code: 4, json: { error: { code: "SF_SOURCE_POSITION", message: expect.stringContaining('positions of "../orders.ndjson"') as string } } });
    made.write("forks/fork.yaml", pipeline("fork", { table: "forked" }).replaceAll("path: ", "path: ../"));
    expect((await command(made, "savepoint", "apply", "live", "forks/fork.yaml", "--data", "data")).json).toMatchObject({ kept: ["per-minute"], fresh: [], dropped: [] });
    const fork = await command(made, "run", "forks/fork.yaml", "--data", "data");
    expect(fork.code, fork.text).toBe(0);
    const [all, forked] = [sorted(made, "totals"), sorted(made, "forked")];
    expect(forked.length).toBeGreaterThan(0);
    expect(forked.length).toBeLessThan(all.length);
    expect(forked).toEqual(all.slice(-forked.length));
  });

  it("state that has no place in the plan is named, and left out where that is allowed", async () => {
    await using made = workspace();
    const run = made.command("run", "orders.yaml", "--savepoint", "./s.savepoint");
    await hasOutput(made, run);
    run.child.kill("SIGINT");
    expect((await run.ended).code).toBe(0);
    made.write("v2.yaml", pipeline("v2", { table: "second", window: "minutes" }));
    const refused = await command(made, "run", "v2.yaml", "--from", "./s.savepoint");
    expect(refused.code).toBe(4);
    expect(refused.json["error"]).toMatchObject({ code: "SF_STATE_INCOMPATIBLE", message: expect.stringContaining('"per-minute" is not in the plan any more') as string, hint: expect.stringContaining("--allow-dropped-state") as string });
    const allowed = await command(made, "run", "v2.yaml", "--from", "./s.savepoint", "--allow-dropped-state");
    expect([allowed.code, allowed.text], allowed.text).toEqual([0, expect.stringContaining('"dropped":[{"node":"per-minute"')]);
    expect(sum(made, "second")).toBeLessThan(count);
    expect((await command(made, "run", "v2.yaml", "--backlog", "drop")).code).toBe(2);
    expect((await command(made, "run", "v2.yaml", "--savepoint", "a b")).code).toBe(2);
    expect((await command(made, "savepoint", "create", "unknown", "--runner", "unix:./nobody.sock")).code).toBe(2);
    made.write("new.yaml", pipeline("new"));
    expect((await command(made, "savepoint", "create", "new.yaml")).json).toMatchObject({ error: { code: "SF_CONFIG_INVALID" } });
  });
});
