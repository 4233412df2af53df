import type { Schema, Source } from "@streamflow/core";
import { registerConformance, sourceConformance } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { defineSource } from "../source.ts";
import { fileSource } from "../sources/file.ts";
import { memorySource } from "../sources/memory.ts";
import { drain } from "../testing/drain.ts";
import { TestFiles } from "../testing/test-files.ts";
import { validated } from "./validated.ts";

const schema = { type: "object", required: ["id"], properties: { id: { type: "integer", maximum: 5 } } };

registerConformance(
  it,
  sourceConformance<{ id: number }[]>({
    capabilities: { replayable: true, bounded: true, deterministic: true, singlePartition: true },
    create: (count) => Array.from({ length: count }, (_, id) => ({ id })),
    source: (subject) => validated(memorySource(subject), { required: ["id"] }),
    expected: (subject) => new Map([["0", subject]]),
    typed: ({ schema: typed, rows }) => ({ source: validated(memorySource(rows, { schema: typed }), {}) }),
  }),
);

describe.each([true, false])("with generated code: %s", (generate) => {
  it("rejects what does not satisfy the schema, in its place, with path, rule and bytes", async () => {
    const files = new TestFiles();
    await files.write("/data/in.ndjson", '{"id":1}\n{"id":9,"x":"y"}\n{broken\n{}\n{"id":2}\n{"id":"3"}\n');
    const source = validated(fileSource({ path: "/data/in.ndjson" }), schema, { generate });
    const { values, rejected, positions } = await drain(source, { environment: files.environment });
    expect(values).toEqual([{ id: 1 }, { id: 2 }]);
    expect(rejected.map((one) => [one.beforeIndex, one.error.code, one.error.context?.["path"], one.error.context?.["rule"], Buffer.from(one.raw ?? []).toString()])).toEqual([
      [1, "SF_SCHEMA_VIOLATION", "/id", "maximum", '{"id":9,"x":"y"}'],
      [1, "SF_CODEC_DECODE", undefined, undefined, "{broken"],
      [1, "SF_SCHEMA_VIOLATION", "", "required", "{}"],
      [2, "SF_SCHEMA_VIOLATION", "/id", "type", '{"id":"3"}'],
    ]);
    const rest = await drain(source, { environment: files.environment, from: { "/data/in.ndjson": positions[0] ?? "" } });
    expect([rest.values, rest.rejected.length]).toEqual([[{ id: 2 }], 4]);
    const after = await drain(source, { environment: files.environment, from: { "/data/in.ndjson": rejected[2]?.position ?? "" } });
    expect([after.values, after.rejected.length]).toEqual([[{ id: 2 }], 1]);
  });
});

it("checks whole records, whatever the plan reads", async () => {
  const files = new TestFiles();
  await files.write("/data/in.ndjson", '{"id":9,"x":1}\n');
  const { rejected } = await drain(validated(fileSource({ path: "/data/in.ndjson" }), schema), { environment: files.environment, projection: [["x"]] });
  expect(rejected).toHaveLength(1);
});

it("typed values are checked as the JSON that they stand for", async () => {
  const typed: Schema = { type: "struct", fields: [{ name: "id", type: { type: "timestamp" } }, { name: "m", type: { type: "map", key: { type: "string" }, value: { type: "int32" } } }] };
  const records = [{ id: 0, m: new Map([["a", 1]]) }];
  const source = memorySource(records, { schema: typed });
  expect((await drain(validated(source, { properties: { m: { type: "object", properties: { a: { maximum: 1 } } } } }))).values).toHaveLength(1);
  expect((await drain(validated(source, { properties: { m: { properties: { a: { maximum: 0 } } } } }))).rejected).toHaveLength(1);
});

it("records that are columns alone are checked too", async () => {
  const columns: Source = defineSource({
    type: "columns",
    config: {},
    capabilities: { replayable: true, bounded: true, deterministic: true },
    partitions: () => ["0"],
    async *read() {
      yield { partition: "0", length: 3, columns: [{ name: "id", values: [1, 9, 2] }], endPosition: "3", byteLength: 24, positionAt: (index) => String(index + 1) };
    },
  });
  const { rejected, batches } = await drain(validated(columns, schema));
  expect(rejected.map(({ position, error }) => [position, error.location?.path])).toEqual([["2", "/id"]]);
  expect(batches.map((batch) => batch.columns?.map(({ values }) => values))).toEqual([[[1, 2]]]);
});

it("SF_SCHEMA_INVALID: an unusable schema, when the source is made", () => {
  expect(() => validated(memorySource([]), { type: "nothing" })).toThrow(expect.objectContaining({ code: "SF_SCHEMA_INVALID" }));
});
