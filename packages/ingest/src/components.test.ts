import { mayGenerateCode, Registry, type ComponentContext } from "@streamflow/core";
import { testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { withRewrittenScanners } from "./codecs/scanner-function.ts";
import { ingestComponents } from "./components.ts";
import { drain } from "./testing/drain.ts";
import { TestFiles } from "./testing/test-files.ts";

const registry = new Registry().add(...ingestComponents);
const context: ComponentContext = { folder: "/data", component: (kind, type, config) => registry.component(kind, type).create(config, context) };
const source = (type: string, config: Readonly<Record<string, unknown>>): ReturnType<typeof context.component<"source">> => context.component("source", type, config);

describe.each(ingestComponents.map((spec) => [`${spec.kind} ${spec.type}`, spec] as const))("%s", (_, spec) => {
  it("says what it is, in sentences, with an example of its type", () => {
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
    expect(spec.example).toMatch(new RegExp(`^type: ${spec.type}\n`));
    for (const field of Object.values(spec.fields)) expect(field.doc).toMatch(/^[A-Z].*\.$/);
  });
});

it("file: paths are meant from the configuration's folder; the format is a decoder with its options", async () => {
  const files = new TestFiles();
  await files.write("/data/in.txt", "1;2\n3;4\n");
  const made = source("file", { path: "in.txt", format: { type: "csv", config: { delimiter: ";", header: false, columns: ["a", "b"] } }, compression: "none", partitions: "one", maxRecordBytes: 100, chunkBytes: 10 });
  expect(made.config).toMatchObject({ path: "in.txt", format: "csv", partitions: "one" });
  expect((await drain(made, { environment: files.environment })).values).toEqual([{ a: "1", b: "2" }, { a: "3", b: "4" }]);
});

it("file: parquet is a format of its own; bad choices are refused", () => {
  expect(source("file", { path: "x", format: "parquet" }).config).toMatchObject({ format: "parquet" });
  expect(() => source("file", {})).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
});

it.skipIf(!mayGenerateCode()).each(["ndjson", "csv"])("%s: strict makes no scanner", (type) => {
  const bytes = Buffer.from(type === "csv" ? `a\n${"1\n".repeat(100)}` : '{"a":1}\n'.repeat(100));
  const made = [true, false].map((strict) => {
    let scanners = 0;
    let records = 0;
    const decoder = context.component("decoder", type, { strict }).create({ projection: "all", maxRecordBytes: 100 });
    withRewrittenScanners((text) => (scanners++, text), () => decoder.decode(bytes, 0, bytes.length, true, { value: () => void records++, reject: () => undefined }));
    return [records, scanners > 0];
  });
  expect(made).toEqual([[100, false], [100, true]]);
});

it("validated: a file with a schema, and a JSON Schema around it", async () => {
  const files = new TestFiles();
  await files.write("/data/in.ndjson", '{"a":1,"b":2}\n{"a":7}\n{"a":"x"}\n');
  const file = { type: "file", config: { path: "in.ndjson", schema: { type: "struct", fields: [{ name: "a", type: { type: "int32" } }] } } };
  const made = source("validated", { source: file, jsonSchema: { properties: { a: { maximum: 5 } } } });
  const { values, rejected } = await drain(made, { environment: files.environment });
  expect(values).toEqual([{ a: 1 }]);
  expect(rejected.map((one) => one.error.code)).toEqual(["SF_SCHEMA_VIOLATION", "SF_TYPE_MISMATCH"]);
});

it("stdin and validated: other components by name", async () => {
  const environment = { ...testEnvironment().environment, stdin: async function* (): AsyncGenerator<Uint8Array> { yield Buffer.from("a\nbb\n"); } };
  const made = source("validated", { source: { type: "stdin", config: { format: { type: "lines", config: {} }, maxRecordBytes: 100 } }, jsonSchema: { maxLength: 1 } });
  const { values, rejected } = await drain(made, { environment });
  expect([values, rejected.length]).toEqual([["a"], 1]);
});
