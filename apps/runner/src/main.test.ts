import { describe, expect, it } from "vitest";
import { Workspace } from "../test/processes.ts";

const line = (second: number): string => `${JSON.stringify({ ts: new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString(), route: `r${second % 3}` })}\n`;
const orders = Array.from({ length: 300 }, (_, second) => line(second)).join("");

function pipeline(name: string, source: string): string {
  return `name: ${name}
checkpoint: { every: 50ms }
restart: { maxRestarts: 1, initialDelay: 1ms }
source: ${source}
stages:
  - { type: eventTime, timestamp: ts }
  - { type: keyBy, key: route }
  - { type: window, id: per-minute, tumbling: 1m, aggregate: { n: count() } }
sinks:
  - { type: sqlite, path: ../${name}.db, table: totals }
`;
}

const schema = "schema: { ts: timestamp, route: string }";
const fromFile = (path: string): string => `{ type: file, path: '${path}', ${schema} }`;
const live = pipeline("live", `{ type: stdin, ${schema} }`);

describe.concurrent("the host", { timeout: 60_000 }, () => {
  it("runs what works beside what fails, and tells the truth about both; secrets stay secret", async () => {
    await using workspace = new Workspace();
    workspace.write("orders.ndjson", orders);
    workspace.write("pipelines/good.yaml", pipeline("good", fromFile("../orders.ndjson")));
    workspace.write("pipelines/gone.yml", pipeline("gone", fromFile("../${DB_PASSWORD}.ndjson")));
    workspace.write("pipelines/twice.yaml", pipeline("good", fromFile("../orders.ndjson")));
    workspace.write("pipelines/bad.json", '{"name": "bad", "source": {"type": "fill"}, "sinks": []}');
    workspace.write("pipelines/notes.txt", "not a pipeline");
    const hosted = await workspace.host();
    const [, gone] = await Promise.all([hosted.status("good", "finished"), hosted.status("gone", "failed")]);
    expect(workspace.rows("good.db", "SELECT sum(n) AS n FROM totals")).toEqual([{ n: 300 }]);
    expect(gone).toMatchObject({ problem: { code: "SF_SOURCE_MISSING", message: expect.stringContaining("[secret]") as string } });

    const listed = (await hosted.get("/pipelines")).body["pipelines"] as readonly { readonly name: string; readonly file: string; readonly status: string; readonly problem?: object }[];
    expect(listed.map(({ name, file, status }) => [name, file, status])).toEqual([
      ["bad.json", "bad.json", "invalid"],
      ["gone", "gone.yml", "failed"],
      ["good", "good.yaml", "finished"],
      ["twice.yaml", "twice.yaml", "invalid"],
    ]);
    expect(listed[0]?.problem).toMatchObject({ diagnostics: expect.arrayContaining([expect.objectContaining({ code: "SF_COMPONENT_UNKNOWN" })]) as unknown });
    expect(listed[3]?.problem).toMatchObject({ message: 'there is already a pipeline "good"' });

    const ready = await hosted.get("/readyz");
    expect(ready.status).toBe(503);
    expect(ready.body["reasons"]).toEqual([expect.stringMatching(/^bad\.json is invalid: /), expect.stringMatching(/^gone is failed: SF_SOURCE_MISSING/), expect.stringMatching(/^twice\.yaml is invalid/)]);
    const health = await hosted.get("/healthz");
    expect([health.status, health.body["status"]]).toEqual([200, "degraded"]);
    const metrics = await hosted.get("/metrics");
    expect(metrics.text).toMatch(/^streamflow_checkpoints_total\{[^}]*pipeline="good"[^}]*\} \d+$/m);
    expect(metrics.text).toMatch(/^streamflow_records_in_total\{[^}]*pipeline="good"[^}]*\} \d+$/m);
    const { capabilities } = (await hosted.get("/capabilities")).body as { readonly capabilities: readonly object[] };
    expect(capabilities).toContainEqual(expect.objectContaining({ kind: "source", type: "file", isEnabled: true, status: "enabled" }));
    expect(capabilities).toContainEqual(expect.objectContaining({ kind: "source", type: "kinesis_consumer", isEnabled: false, code: "SF_STREAMING_DISABLED", hint: expect.stringContaining("FLOW_STREAMING_ENABLED=true") as string }));

    const { code, stderr } = await hosted.stop();
    expect(code).toBe(0);
    const everything = [stderr, ready.text, metrics.text, JSON.stringify(listed)].join("\n");
    expect(everything).not.toContain("hunter2");
    // Every line of the log is JSON.
    for (const logged of stderr.trim().split("\n")) expect(JSON.parse(logged)).toHaveProperty("message");
  });

  it("starts, stops and restarts single pipelines, from their files as they are then", async () => {
    await using workspace = new Workspace();
    workspace.write("pipelines/live.yaml", live);
    workspace.write("pipelines/late.yaml", "name: late\n");
    const hosted = await workspace.host();
    await hosted.status("live", "running");
    expect(await hosted.post("/pipelines/live/start")).toMatchObject({ status: 409, body: { error: { code: "SF_LIFECYCLE_ILLEGAL" } } });
    expect(await hosted.post("/pipelines/other/stop")).toMatchObject({ status: 404, body: { error: { code: "SF_PIPELINE_UNKNOWN" } } });

    expect(await hosted.post("/pipelines/late.yaml/start")).toMatchObject({ status: 422, body: { error: { code: "SF_CONFIG_INVALID" } } });
    workspace.write("orders.ndjson", orders);
    workspace.write("pipelines/late.yaml", pipeline("late", fromFile("../orders.ndjson")));
    expect((await hosted.post("/pipelines/late.yaml/start")).status).toBe(202);
    await hosted.status("late", "finished");

    expect((await hosted.post("/pipelines/live/stop")).status).toBe(202);
    await hosted.status("live", "stopped");
    expect((await hosted.post("/pipelines/live/stop")).status).toBe(202);
    expect((await hosted.get("/readyz")).status).toBe(200);

    workspace.write("pipelines/live.yaml", pipeline("live", fromFile("../nothing.ndjson")));
    expect((await hosted.post("/pipelines/live/restart")).status).toBe(202);
    expect(await hosted.status("live", "failed")).toMatchObject({ problem: { code: "SF_SOURCE_MISSING" } });
    expect((await hosted.stop()).code).toBe(0);
  });

  it("goes on after kill -9 where the last checkpoint was", async () => {
    await using workspace = new Workspace();
    const many = Array.from({ length: 60_000 }, (_, second) => line(second)).join("");
    workspace.write("orders.ndjson", many);
    workspace.write("pipelines/good.yaml", `batch: { maxRecords: 2 }\n${pipeline("good", fromFile("../orders.ndjson"))}`);
    const first = await workspace.host();
    for (;;) {
      const { body } = await first.get("/pipelines/good");
      const progress = body["progress"] as { readonly epoch: number } | undefined;
      if ((progress?.epoch ?? 0) >= 2) break;
    }
    await first.stop("SIGKILL");
    const before = workspace.rows("good.db", "SELECT sum(n) AS n FROM totals")[0]?.["n"];
    expect(before).toBeLessThan(60_000);
    const second = await workspace.host();
    const { progress } = await second.status("good", "finished");
    expect((progress as { readonly recordsIn: number }).recordsIn).toBeLessThan(60_000);
    expect(workspace.rows("good.db", "SELECT sum(n) AS n, count(*) AS rows FROM totals")).toEqual([{ n: 60_000, rows: 3_000 }]);
  });

  it("stands by while another process runs the pipeline, and takes over when that is gone", async () => {
    await using workspace = new Workspace();
    workspace.write("pipelines/live.yaml", live);
    const first = await workspace.host();
    await first.status("live", "running");
    const second = await workspace.host();
    expect(await second.status("live", "starting")).toBeDefined();
    for (;;) {
      const { status, body } = await second.get("/readyz");
      expect(status).toBe(503);
      if (String(body["reasons"]).includes("SF_LEASE_HELD")) break;
    }
    await first.stop("SIGKILL");
    await second.status("live", "running");
    expect((await second.stop()).code).toBe(0);
  });

  it("waits for a stuck sink no longer than the grace, says so, and exits with 5", async () => {
    await using workspace = new Workspace();
    workspace.write("orders.ndjson", orders.repeat(200));
    // Nobody reads the standard output of the process.
    workspace.write("pipelines/stuck.yaml", `name: stuck\nsource: ${fromFile("../orders.ndjson")}\nsinks:\n  - { type: stdout }\n`);
    workspace.write("pipelines/live.yaml", live);
    const hosted = await workspace.host("--grace", "400ms");
    await Promise.all([hosted.status("live", "running"), hosted.isStuck("stuck")]);
    const startMs = performance.now();
    const { code, stderr } = await hosted.stop();
    expect(code).toBe(5);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(stderr).toMatch(/the time for stopping is over.*"pipelines":\["stuck"\]/);
    // The other one had its last checkpoint.
    expect(stderr).toMatch(/a pipeline has stopped.*"pipeline":"live"/);
  });

  it("a second signal ends it at once", async () => {
    await using workspace = new Workspace();
    workspace.write("orders.ndjson", orders.repeat(200));
    workspace.write("pipelines/stuck.yaml", `name: stuck\nsource: ${fromFile("../orders.ndjson")}\nsinks:\n  - { type: stdout }\n`);
    const hosted = await workspace.host("--grace", "60s");
    await hosted.isStuck("stuck");
    hosted.running.child.kill("SIGTERM");
    await hosted.running.until(({ stderr }) => (stderr.includes("the host stops") ? true : undefined));
    expect((await hosted.get("/readyz")).body["reasons"]).toContain("the host is stopping");
    expect((await hosted.post("/pipelines/stuck/restart")).status).toBe(503);
    expect((await hosted.stop("SIGINT")).code).toBe(130);
  });

  it("refuses wrong arguments, a folder that is none, and a damaged data folder", async () => {
    await using workspace = new Workspace();
    const start = (...given: readonly string[]) => workspace.start("apps/runner/src/main.ts", given, { readsOutput: true }).ended;
    expect(await start("nowhere")).toMatchObject({ code: 2, stderr: expect.stringContaining("error[SF_CONFIG_INVALID]: there is no folder") as string });
    expect(await start("--port", "x", ".")).toMatchObject({ code: 2 });
    expect((await start("--help")).stdout).toContain("Usage: streamflow-runner");
    workspace.write("data/streamflow.json", "not what it was");
    expect(await start(".", "--data", "data")).toMatchObject({ code: 4, stderr: expect.stringContaining("SF_STATE_CORRUPT") as string });
  });
});

