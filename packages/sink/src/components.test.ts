import { Registry, t, type ComponentContext, type ComponentKind } from "@streamflow/core";
import { testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { sinkComponents } from "./components.ts";
import { routeOperator } from "./router.ts";
import { sinkBatch } from "./sink-batch.ts";

const registry = new Registry().add(...sinkComponents).addOperators(routeOperator);
const context: ComponentContext = { folder: "/data", component: (kind, type, config) => registry.component(kind, type).create(config, context) };
const make = <Kind extends ComponentKind>(kind: Kind, type: string, config: Readonly<Record<string, unknown>>) => context.component(kind, type, config);

describe.each(sinkComponents.map((spec) => [`${spec.kind} ${spec.type}`, spec] as const))("%s", (_, spec) => {
  it("says what it is, in sentences, with an example of its type", () => {
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
    expect(spec.example).toMatch(new RegExp(`^type: ${spec.type}\n`));
    for (const field of Object.values(spec.fields)) expect(field.doc).toMatch(/^[A-Z`].*\.$/);
  });
});

it("file: the folder is meant from the configuration's; the format is an encoder with its options", async () => {
  const { environment, disk } = testEnvironment();
  const sink = make("sink", "file", { folder: "out", format: { type: "csv", config: { columns: ["a"], header: false } }, maxPartBytes: 1000 });
  expect(sink.config).toEqual({ folder: "out", format: "csv", maxPartBytes: 1000 });
  const session = await sink.open({ environment, pipeline: "p", node: "out", schema: t.struct({ a: t.int32() }), keyFields: undefined, signal: new AbortController().signal });
  await session.write(sinkBatch([{ a: 1 }]));
  await session.commitPrepared?.((await session.prepare?.({ epoch: 1, shards: [] })) ?? new Uint8Array());
  const [path, bytes] = [...disk.files()].find(([name]) => name.includes("part-")) ?? [];
  expect(path).toMatch(/^\/data\/out\/part-0000000001-.*\.csv$/);
  expect(new TextDecoder().decode(bytes)).toBe("1\r\n");
});

it("sqlite and stdout: options are passed on", () => {
  expect(make("sink", "sqlite", { path: "x.db", table: "t", mode: "upsert", key: ["a"], busyTimeoutMs: 5 })).toMatchObject({ config: { path: "x.db", mode: "upsert", key: ["a"] }, needs: { insertOnly: false, fields: ["a"] } });
  expect(make("sink", "sqlite", { path: "x.db", table: "t" })).toMatchObject({ needs: { insertOnly: true } });
  expect(make("sink", "stdout", { format: { type: "lines", config: {} } }).config).toEqual({ format: "lines" });
  expect(() => make("sink", "sqlite", { path: "", table: "t" })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }) as Error);
});

it("postgres: options are passed on, and the connection string is told to nobody", () => {
  const sink = make("sink", "postgres", { url: "postgres://me:secret@db/flights", table: "t", namespace: "n", mode: "upsert", key: ["a"], createTable: false, timeoutMs: 5 });
  expect(sink).toMatchObject({ config: { server: "db:5432/flights", table: "t", namespace: "n", mode: "upsert", key: ["a"] }, needs: { insertOnly: false, fields: ["a"] } });
  expect(JSON.stringify(sink)).not.toContain("secret");
  for (const wrong of [{ url: "" }, { table: "" }, { key: ["a"] }, { mode: "upsert", key: [] }, { timeoutMs: 0 }]) {
    expect(() => make("sink", "postgres", { url: "postgres://db/x", table: "t", ...wrong })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }) as Error);
  }
});

it("encoders: options are passed on", () => {
  const written: string[] = [];
  const out = { length: 0, text: (text: string) => void written.push(text), bytes: () => undefined };
  const schema = t.struct({ at: t.timestamp() });
  make("encoder", "ndjson", { timestamps: "ms" }).create({ schema }).encode({ at: 5 }, out);
  make("encoder", "csv", { timestamps: "ms", delimiter: ";", columns: ["at"] }).create({ schema }).encode({ at: 5 }, out);
  make("encoder", "lines", { field: "m" }).create({}).encode({ m: "x" }, out);
  expect(written).toEqual(['{"at":5}\n', "5\r\n", "x\n"]);
});

it("route: a stage of data, checked", () => {
  const routes = { late: { kind: "literal", value: true } };
  expect(make("stage", "route", { routes, otherwise: "rest" })).toEqual({ type: "route", config: { routes, otherwise: "rest" } });
  expect(() => make("stage", "route", { routes: {} })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }) as Error);
});
