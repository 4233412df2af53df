import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flags, jsonLines, node, runnerHost, Workspace } from "../test/streamflow.ts";

const host = ["--host", runnerHost];
const stuck = join(import.meta.dirname, "../test/stuck-pipeline.ts");

function pipeline(source: string, size = "1m"): string {
  return `name: orders
checkpoint: { every: 50ms }
source: ${source}
stages:
  - { type: eventTime, timestamp: ts }
  - { type: keyBy, key: route }
  - { type: window, id: per-minute, tumbling: ${size}, aggregate: { n: count() } }
sinks:
  - { type: sqlite, path: out.db, table: totals }
`;
}

const schema = "schema: { ts: timestamp, route: string }";
const fromFile = pipeline(`{ type: file, path: orders.ndjson, ${schema} }`);
const fromStdin = pipeline(`{ type: stdin, ${schema} }`);
const line = (second: number, route: string): string => `${JSON.stringify({ ts: new Date(Date.UTC(2024, 0, 1) + second * 1_000).toISOString(), route })}\n`;
const orders = Array.from({ length: 100 }, (_, at) => line(at, `r${at % 3}`)).join("");

describe.concurrent("run and inspect", { timeout: 240_000 }, () => {
  it("runs a file to its end, and what it leaves can be looked at", async () => {
    using workspace = new Workspace();
    workspace.write("orders.ndjson", `${orders}{bad\n`);
    workspace.write("orders.yaml", fromFile);
    const run = await workspace.run(...host, "run", "orders.yaml");
    expect(run).toMatchObject({ code: 0, stdout: "" });
    expect(run.stderr).toMatch(/^orders finished: 100 records in, 6 out, in [\d.]+m?s \([\d,]+ records\/s\)\n/);
    expect(run.stderr).toContain(`rejected: 1 records; see them with: streamflow dead-letters list orders --data ${workspace.folder}/.streamflow`);

    const again = await workspace.run(...host, "run", "orders.yaml");
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(/^orders finished: 0 records in, 0 out, .*\n {2}nothing new: it went on from checkpoint \d+ in .*\.streamflow; for a fresh start name another --data folder/);
    expect(run.stderr).not.toContain("nothing new");

    const letters = await workspace.run(...host, "dead-letters", "list", "orders");
    expect(letters.code).toBe(0);
    expect(letters.stdout).toMatch(/#1 {2}\S+ {2}file {2}orders\.ndjson @ .*\n {2}SF_CODEC_DECODE: .*\n {2}4 B: \{bad\n/);

    const [answer] = jsonLines((await workspace.run(...host, "inspect", "dead-letters", "orders", "--json")).stdout);
    expect(answer).toMatchObject({ pipeline: "orders", total: 1, deadLetters: [{ node: "file", code: "SF_CODEC_DECODE", text: "{bad", byteLength: 4, truncated: false }] });

    expect((await workspace.run(...host, "dead-letters", "count", "orders")).stdout).toMatch(/NODE +CODE +LETTERS\nfile +SF_CODEC_DECODE +1\nall +1\n/);
    expect((await workspace.run(...host, "dead-letters", "purge", "orders", "--all")).stdout).toBe("1 dead letters of orders removed, 0 left\n");
    expect((await workspace.run(...host, "dead-letters", "list", "orders")).stdout).toBe("orders has no dead letters\n");

    const checkpoints = jsonLines((await workspace.run(...host, "inspect", "checkpoints", "orders", "--json")).stdout)[0]?.["checkpoints"] as readonly object[];
    expect(checkpoints[0]).toMatchObject({ shards: 1, nodes: [], damaged: null });

    const unknown = await workspace.run(...host, "inspect", "state", "other");
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("the data folder knows: orders");
  });

  it("shows a large table, which is stored in parts, as one", async () => {
    using workspace = new Workspace();
    workspace.write("orders.yaml", fromStdin);
    const running = workspace.start(...host, "run", "orders.yaml", "--json", "--progress", "200ms");
    running.child.stdin?.write(Array.from({ length: 40_000 }, (_, at) => line(0, `r${at}`)).join(""));
    await running.until('"recordsIn":40000');
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
    const summary = await workspace.run(...host, "inspect", "state", "orders", "--json");
    expect(jsonLines(summary.stdout)[0]).toMatchObject({ tables: [{ node: "per-minute", table: "windows", entries: 40_000 }] });
    const one = await workspace.run(...host, "inspect", "state", "orders", "--key", "r39999");
    expect(one.stdout).toMatch(/per-minute\.windows .*"r39999"/);
  });

  it("drains at SIGTERM, holds its lease until then, and shows the state it kept; damage and another plan are told apart", async () => {
    using workspace = new Workspace();
    workspace.write("orders.yaml", fromStdin);
    const running = workspace.start(...host, "run", "orders.yaml", "--json", "--progress", "200ms");
    running.child.stdin?.write(orders);
    await running.until('"recordsIn":100');

    const second = await workspace.run(...host, "run", "orders.yaml");
    expect(second).toMatchObject({ code: 3 });
    expect(second.stderr).toContain("error[SF_LEASE_HELD]");

    running.child.kill("SIGTERM");
    const ended = await running.ended;
    expect(ended.code).toBe(0);
    const events = jsonLines(ended.stdout);
    expect(events[0]).toMatchObject({ event: "started", pipeline: "orders", fromCheckpoint: null });
    expect(events.some((event) => event["event"] === "progress" && event["watermarkMs"] !== null)).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: "stopped", recordsIn: 100, late: 0, rejected: 0 });

    // The window of the second minute is open: 3 keys.
    const summary = await workspace.run(...host, "inspect", "state", "orders", "--json");
    const [state] = jsonLines(summary.stdout);
    expect(state).toMatchObject({ tables: [{ node: "per-minute", table: "windows", entries: 3 }], entries: [] });
    const one = await workspace.run(...host, "inspect", "state", "orders", "--node", "per-minute", "--key", "r1");
    expect(one.stdout).toMatch(/per-minute\.windows +p:stdin\S* +2024-01-01T00:01:00\.000Z +"r1" +.*13/);
    expect((await workspace.run(...host, "inspect", "state", "orders", "--node", "other")).stderr).toContain("nodes with state: per-minute");

    // Other windows: what is stored means something else.
    workspace.write("orders.yaml", pipeline(`{ type: stdin, ${schema} }`, "2m"));
    const changed = await workspace.run(...host, "run", "orders.yaml");
    expect(changed.code).toBe(4);
    expect(changed.stderr).toContain("error[SF_STATE_INCOMPATIBLE]");

    damage(join(workspace.folder, ".streamflow/checkpoints"));
    const listed = await workspace.run(...host, "inspect", "checkpoints", "orders");
    expect(listed.stdout).toMatch(/\.checkpoint is damaged: its checksum is/);
    expect((await workspace.run(...host, "inspect", "state", "orders")).code).toBe(4);
    workspace.write("orders.yaml", fromStdin);
    const corrupt = await workspace.run(...host, "run", "orders.yaml");
    expect(corrupt.code).toBe(4);
    expect(corrupt.stderr).toContain("error[SF_STATE_CORRUPT]");
  });

  it("a second signal ends it at once", async () => {
    using workspace = new Workspace();
    const running = workspace.start(...host, "run", stuck, "--set", "name=held-up");
    await running.until("the sink is stuck");
    running.child.kill("SIGINT");
    await running.until("a second Ctrl-C aborts at once");
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130 });
  });

  it("ends when the reader of its output has gone away, and does not try again", async () => {
    using workspace = new Workspace();
    workspace.write("orders.ndjson", orders.repeat(2_000));
    workspace.write("copy.yaml", `name: copy\nsource: { type: file, path: orders.ndjson, ${schema} }\nsinks:\n  - { type: stdout }\n`);
    const running = workspace.start(...host, "run", "copy.yaml");
    await running.until("r1");
    running.child.stdout?.destroy();
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/error\[SF_SINK_FAILED\]: .*EPIPE/)]);
    expect(stderr).not.toContain("restarts");
  });

  it("a failure at run time has its code, its message, and no stack", async () => {
    using workspace = new Workspace();
    workspace.write("orders.yaml", fromFile);
    const failed = await workspace.run(...host, "run", "orders.yaml");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("error[SF_SOURCE_MISSING]");
    expect(failed.stderr).not.toMatch(/^ +at /m);
    const [, last] = jsonLines((await workspace.run(...host, "run", "orders.yaml", "--json")).stdout);
    expect(last).toMatchObject({ event: "failed", error: { code: "SF_SOURCE_MISSING" } });
    expect((await workspace.run(...host, "--debug", "run", "orders.yaml")).stderr).toMatch(/^ +at /m);
  });

  it("does not create a data folder to look at it", async () => {
    using workspace = new Workspace();
    const answer = await workspace.run(...host, "inspect", "checkpoints", "orders", "--json");
    expect(answer.code).toBe(2);
    expect(JSON.parse(answer.stdout)).toMatchObject({ error: { code: "SF_CONFIG_INVALID" } });
    expect(readdirSync(workspace.folder)).toEqual([]);
  });
});

describe.concurrent("validate and explain", { timeout: 240_000 }, () => {
  it("says every mistake in every file, where it is; opens nothing", async () => {
    using workspace = new Workspace();
    workspace.write("good.yaml", fromFile);
    workspace.write("bad.yaml", "name: bad\nsource: { type: fil, path: x }\nstages:\n  - { type: filter, where: 1 + }\nsinks:\n  - { type: sqlite, path: '${SECRET}', tabel: t }\n");
    const checked = await workspace.run(...host, "validate", "good.yaml", "bad.yaml");
    expect(checked.code).toBe(2);
    expect(checked.stdout).toBe("ok  good.yaml: pipeline orders, 5 nodes\n");
    expect(checked.stderr).toMatch(/error\[SF_COMPONENT_UNKNOWN\][^]*--> bad\.yaml:2:17[^]*did you mean "file"\?[^]*SF_EXPRESSION_INVALID[^]*bad\.yaml:4:[^]*"tabel"[^]*did you mean "table"/);
    expect(checked.stderr).not.toMatch(/^ +at |hunter2/m);
    const { valid, files } = JSON.parse((await workspace.run(...host, "validate", "good.yaml", "bad.yaml", "--json")).stdout) as { valid: boolean; files: readonly { ok: boolean; diagnostics?: readonly object[] }[] };
    expect([valid, files.map(({ ok }) => ok), files[1]?.diagnostics?.length]).toEqual([false, [true, false], 4]);
    expect(readdirSync(workspace.folder).sort()).toEqual(["bad.yaml", "good.yaml"]);
  });

  it("explains as text, JSON and Mermaid, files and code", async () => {
    using workspace = new Workspace();
    workspace.write("orders.yaml", fromFile);
    const text = await workspace.run(...host, "explain", "orders.yaml");
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toContain("sqlite: exactly-once");
    expect((await workspace.run(...host, "explain", "orders.yaml", "--format", "mermaid")).stdout).toMatch(/^flowchart LR\n/);
    expect((await workspace.run(...host, "explain", "orders.yaml", "--code")).stdout).toContain("return function task(batch,from,to) {");
    expect(JSON.parse((await workspace.run(...host, "explain", stuck, "--json")).stdout)).toMatchObject({ pipeline: "stuck", guarantees: [{ sink: "stuck", guarantee: "at-least-once" }] });
  });
});

describe.concurrent("the host", { timeout: 240_000 }, () => {
  it("is the one that the project names, next to the file, with its data folder", async () => {
    using workspace = new Workspace();
    workspace.write("orders.ndjson", orders);
    workspace.write("orders.yaml", fromFile);
    workspace.write("streamflow.config.json", JSON.stringify({ host: runnerHost, data: "kept" }));
    expect((await workspace.run("run", "orders.yaml")).code).toBe(0);
    expect(readdirSync(workspace.folder)).toContain("kept");
    workspace.write("streamflow.config.json", JSON.stringify({ hots: runnerHost }));
    const slip = await workspace.run("run", "orders.yaml");
    expect(slip.code).toBe(2);
    expect(slip.stderr).toContain('did you mean "host"?');
  });

  it("is searched in the folders between the file and the present one, no further", async () => {
    using workspace = new Workspace();
    workspace.write("streamflow.config.json", JSON.stringify({ host: runnerHost, data: "kept" }));
    workspace.write("teams/a/orders.ndjson", orders);
    workspace.write("teams/a/orders.yaml", fromFile);
    expect((await workspace.run("run", "teams/a/orders.yaml")).code).toBe(0);
    expect(readdirSync(workspace.folder)).toContain("kept");
    workspace.write("streamflow.config.json", JSON.stringify({ host: "./gone.js" }));
    expect((await workspace.run("validate", "teams/a/orders.yaml")).stderr).toContain("gone.js");
    using elsewhere = new Workspace();
    expect((await elsewhere.run("validate", join(workspace.folder, "teams/a/orders.yaml"))).stderr).toContain("@streamflow/runner");
  });

  it("that is missing, or is none, is said with what to do", async () => {
    using workspace = new Workspace();
    const missing = await workspace.run("--host", "@acme/no-such-host", "schema");
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/error\[SF_CLIENT_MISSING\].*\n {2}hint: npm install @acme\/no-such-host/);
    const none = await workspace.run("--host", stuck, "schema");
    expect(none.stderr).toContain("it exports no createHost");
  });
});

describe.concurrent("components and schema", { timeout: 240_000 }, () => {
  it("come from the specs of the host", async () => {
    using workspace = new Workspace();
    expect((await workspace.run(...host, "components")).stdout).toMatch(/sources\n {2}file +Reads/);
    expect((await workspace.run(...host, "components", "window")).stdout).toContain("| `allowedLateness` |");
    const slip = await workspace.run(...host, "components", "windw");
    expect(slip).toMatchObject({ code: 2 });
    expect(slip.stderr).toContain('did you mean "window"?');
    const schemaDocument = JSON.parse((await workspace.run(...host, "schema")).stdout) as { $schema: string; $defs: object };
    expect(schemaDocument.$schema).toContain("2020-12");
    expect(Object.keys(schemaDocument.$defs)).toContain("source.file");
  });

  it("capabilities say what can be used in this process, and what to do for the rest", async () => {
    using workspace = new Workspace();
    const listed = (await workspace.run(...host, "capabilities")).stdout;
    expect(listed).toMatch(/sources\n {2}file +enabled *\n/);
    expect(listed).toMatch(/kinesis_consumer +disabled +.*set FLOW_STREAMING_ENABLED=true/);
    expect(listed).toMatch(/sinks\n {2}cdc_mirror +disabled/);
    workspace.variables = { FLOW_STREAMING_ENABLED: "true" };
    const on = await workspace.run(...host, "capabilities", "--json");
    const { capabilities } = JSON.parse(on.stdout) as { readonly capabilities: readonly { readonly kind: string; readonly type: string; readonly status: string; readonly isEnabled: boolean }[] };
    expect(capabilities).toContainEqual(expect.objectContaining({ kind: "source", type: "kinesis_consumer", isEnabled: false, status: "planned", code: "SF_COMPONENT_PLANNED" }));
    expect(capabilities).toContainEqual(expect.objectContaining({ kind: "sink", type: "postgres", isEnabled: true, status: "enabled" }));
  });

  it("a pipeline behind the gate fails at once, with 2, and says how to open it; its plan is fine", async () => {
    using workspace = new Workspace();
    workspace.write("p.yaml", "name: p\nsource: { type: pulsar_consumer }\nsinks: [{ type: stdout }]\n");
    expect(await workspace.run(...host, "validate", "p.yaml")).toMatchObject({ code: 0 });
    const off = await workspace.run(...host, "run", "p.yaml");
    expect(off).toMatchObject({ code: 2, stderr: expect.stringMatching(/SF_STREAMING_DISABLED.*\n {2}hint: set FLOW_STREAMING_ENABLED=true/) as string });
    workspace.variables = { FLOW_STREAMING_ENABLED: "true" };
    const on = await workspace.run(...host, "run", "p.yaml");
    expect(on).toMatchObject({ code: 2, stderr: expect.stringMatching(/SF_BROKER_UNCONFIGURED.*\n {2}hint: give serviceUrl .* FLOW_PULSAR_SERVICE_URL/) as string });
  });
});

describe.concurrent("the command line", { timeout: 240_000 }, () => {
  it("helps, and refuses what it does not know", async () => {
    using workspace = new Workspace();
    const help = await workspace.run("run", "--help");
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toContain("$ streamflow run orders.yaml");
    expect(help.stdout).toContain("--data <folder>");
    const slip = await workspace.run("valdate", "x.yaml");
    expect(slip).toMatchObject({ code: 2, stdout: "" });
    expect(slip.stderr).toMatch(/error\[SF_CONFIG_INVALID\]: unknown command 'valdate'\n {2}hint: Did you mean validate\?/);
    const asJson = await workspace.run("run", "--json");
    expect(asJson.code).toBe(2);
    expect(JSON.parse(asJson.stdout)).toMatchObject({ error: { code: "SF_CONFIG_INVALID", message: "missing required argument 'file'" } });
    expect((await workspace.run("run", "nowhere.yaml", ...host)).stderr).toContain('there is no file "nowhere.yaml"');
  });
});

/** Changes a byte in the middle of every file below a folder. */
function damage(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(segment|checkpoint)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 255;
    writeFileSync(path, bytes);
  }
}

it("keeps what was compiled for the next command", { timeout: 240_000 }, () => {
  using workspace = new Workspace();
  const variables = { PATH: process.env["PATH"], TMPDIR: workspace.folder };
  execFileSync(node, [...flags, "--version"], { env: { ...variables, NODE_DISABLE_COMPILE_CACHE: "1" } });
  expect(readdirSync(workspace.folder)).toEqual([]);
  execFileSync(node, [...flags, "--version"], { env: variables });
  expect(readdirSync(join(workspace.folder, "node-compile-cache"), { recursive: true }).length).toBeGreaterThan(1);
});
