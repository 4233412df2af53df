// The documents say what is: paths that they name exist, and their tables are those of the code.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureFates } from "../packages/core/src/engine/fate.ts";
import { fileSource, iterableSource, memorySource, stdinSource } from "../packages/ingest/src/index.ts";
import { Pipeline, planPipeline, type Sink, type Source, standardFunctionTable } from "../packages/core/src/index.ts";
import { callbackSink, fileSink, memorySink, outboxed, sqliteSink, stdoutSink } from "../packages/sink/src/index.ts";
import { count, filter, keyBy, tumbling, window } from "../packages/transform/src/index.ts";
import { publishedPackages, readManifest, root } from "./workspace.ts";

const page = (path: string): string => readFileSync(join(root, path), "utf8");

/** The cells of every row of the tables whose head holds `title`. */
function rowsOf(path: string, title: string): string[][] {
  const tables = page(path).split(/\n(?!\|)/).map((block) => block.split("\n").filter((line) => line.startsWith("|")));
  const table = tables.find(([head]) => head?.includes(title)) ?? [];
  return table.slice(2).map((row) => row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

const codesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

describe.each(["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/guarantees.md", "docs/requirements.md", "docs/windowing.md", "docs/failures.md", "docs/delivery-guarantees.md"])("%s", (path) => {
  it("names only files and folders that exist", () => {
    const named = [...page(path).replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/`((?:packages|apps|examples|scripts|docs|bench|api|\.ci|\.changeset)\/[^`\s]*)`/g)].map((match) => match[1]!);
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

it("docs/requirements.md: every row that is called proven names a test, a check or an example", () => {
  const rows = page("docs/requirements.md").split("\n").filter((line) => /^\| [SKDFG]\d+ \|/.test(line));
  const proven = rows.map((row) => row.split(/(?<!\\)\|/).at(-2)?.trim() ?? "").filter((cell) => cell !== "–");
  expect(proven.length).toBeGreaterThan(15);
  for (const cell of proven) expect(codesIn(cell).some((file) => existsSync(join(root, file))), cell).toBe(true);
});

it("S17: the files that readers are sent to are at their paths, and in ARCHITECTURE.md", () => {
  const row = page("docs/requirements.md").split("\n").find((line) => line.startsWith("| S17 |")) ?? "";
  const files = [...row.matchAll(/\b(core|config|ingest|transform|state|sink|metrics)\/([\w-]+\.ts)/g)].map(([, name, file]) => `packages/${name}/src/${file}`);
  expect(files).toHaveLength(9);
  for (const file of files) {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(page("ARCHITECTURE.md")).toContain(file);
  }
});

it("docs/failures.md has every code once, with its fate", () => {
  const listed = rowsOf("docs/failures.md", "Fate").flatMap(([, codes = "", fate = ""]) => codesIn(codes).map((code) => [code, fate] as const));
  expect(listed.length).toBe(new Set(listed.map(([code]) => code)).size);
  expect(Object.fromEntries(listed)).toEqual(failureFates);
});

it("docs/guarantees.md lists every guarantee that can be switched off, and no other", () => {
  const union = /export type Guarantee =([\s\S]*?);/.exec(page("packages/core/src/engine/broken.ts"))?.[1] ?? "";
  const hooks = [...union.matchAll(/"([\w-]+)"/g)].map((match) => match[1]!);
  expect(hooks.length).toBeGreaterThan(5);
  const rows = rowsOf("docs/guarantees.md", "Switched off");
  expect(rows.map(([name = ""]) => codesIn(name)[0])).toEqual(hooks);
  for (const [name = "", , test = ""] of rows) expect(page(codesIn(test)[0] ?? "")).toContain(codesIn(name)[0]);
});

it("docs/guarantees.md says of every rule of the model what else misses it", () => {
  const engine = "packages/core/src/engine";
  const noticed = /const noticed[^{]*\{([\s\S]*?)\n\};/.exec(page(`${engine}/model/model.test.ts`))?.[1] ?? "";
  const rules = [...noticed.matchAll(/^ +"?([\w-]+)"?: "(I\d)"/gm)].map(([, rule = "", invariant = ""]) => ({ rule, invariant }));
  expect(rules.length).toBeGreaterThan(5);
  const missedBy = (path: string): string[] => [...(/const guarantees[^=]*= \[(.*)\];/.exec(page(path))?.[1] ?? "").matchAll(/"([\w-]+)"/g)].map((match) => match[1]!);
  const others = { trace: missedBy(`${engine}/model/trace.test.ts`), simulation: missedBy("e2e/simulation/simulation.test.ts") };
  const rows = rowsOf("docs/guarantees.md", "Rule taken out").map(([rule = "", broken = "", also = ""]) => ({ rule: codesIn(rule)[0] ?? "", broken, also }));
  expect(rows.map(({ rule }) => rule).sort()).toEqual(rules.map(({ rule }) => rule).sort());
  for (const { rule, broken, also } of rows) {
    expect(broken.slice(0, 2), rule).toBe(rules.find((one) => one.rule === rule)?.invariant);
    for (const [name, missed] of Object.entries(others)) expect(also.split(/[,:] /).includes(name), `${rule}: ${name}`).toBe(missed.includes(rule));
  }
});

describe("README.md", () => {
  const idempotent = (): Sink => callbackSink(() => undefined, { delivery: "idempotent" });
  const pairs = window({ window: tumbling({ count: 2 }), aggregate: { n: count() } });
  const stateful = (pipeline: Pipeline<{ k: string }>): Pipeline => pipeline.addStage(keyBy<{ k: string }>("k")).addStage(pairs as never) as never;
  const stateless = (pipeline: Pipeline<{ k: string }>): Pipeline => pipeline.addStage(filter(() => true)) as never;
  const guaranteeOf = (source: Source, sink: Sink, stages = stateless): string => {
    const pipeline = stages(new Pipeline({ name: "p", unboundedState: true }).from(source as Source<{ k: string }>)).to(sink);
    return planPipeline(pipeline.plan(), standardFunctionTable).guarantees[0]?.guarantee ?? "none";
  };
  const replayable: readonly Source[] = [fileSource({ path: "x.ndjson" }), memorySource([])];
  const once: readonly Source[] = [stdinSource(), iterableSource([])];
  const rows = rowsOf("README.md", "Source that can be read again");
  const sinksOf: readonly (readonly [sinks: readonly Sink[], stages?: typeof stateless])[] = [
    [[sqliteSink({ path: "x.db", table: "t" }), fileSink({ folder: "x" }), memorySink(), outboxed(idempotent())]],
    [[idempotent()]],
    [[idempotent()], stateful],
    [[stdoutSink(), callbackSink(() => undefined)]],
  ];

  it("its table of guarantees is what the planner says of the real sources and sinks", () => {
    expect(rows).toHaveLength(sinksOf.length);
    for (const [index, [sinks, stages]] of sinksOf.entries()) {
      const [, first = "", second = ""] = rows[index] ?? [];
      for (const sink of sinks) {
        for (const source of replayable) expect(first.startsWith(guaranteeOf(source, sink, stages)), `row ${index + 1}, ${source.type}`).toBe(true);
        for (const source of once) expect(guaranteeOf(source, sink, stages), `row ${index + 1}, ${source.type}`).toBe(second);
      }
    }
    expect(guaranteeOf(memorySource([]), outboxed(idempotent()), stateful)).toBe("exactly-once");
  });

  it("lists every package, with the number of npm packages that it brings", () => {
    const listed = Object.fromEntries(rowsOf("README.md", "What it is").map(([name = "", , others = ""]) => [codesIn(name)[0], Number(others)]));
    const found = Object.fromEntries(publishedPackages().map(({ manifest, folder }) => [manifest.name, othersOf(join(root, folder)).size]));
    expect(listed).toEqual(found);
  });
});

/** Names of the npm packages behind a package that are not StreamFlow's own. */
function othersOf(folder: string, found = new Set<string>()): Set<string> {
  for (const name of Object.keys(readManifest(join(folder, "package.json")).dependencies ?? {})) {
    const at = resolved(folder, name);
    if (name.startsWith("@streamflow/")) othersOf(at, found);
    else if (!found.has(name)) othersOf(at, found.add(name));
  }
  return found;
}

/** Where Node finds a package, through links. */
function resolved(from: string, name: string): string {
  for (let folder = realpathSync(from); ; folder = dirname(folder)) {
    const at = join(folder, "node_modules", name);
    if (existsSync(at)) return realpathSync(at);
    if (folder === dirname(folder)) throw new Error(`${name} is not installed for ${from}`);
  }
}
