import type { Column, Position, Schema, Source } from "@streamflow/core";
import { registerConformance, sourceConformance } from "@streamflow/core/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { fileSource, type FileSourceOptions } from "../sources/file.ts";
import { drain, type Drained, type OpenOptions } from "../testing/drain.ts";
import { TestFiles } from "../testing/test-files.ts";
import { typedFile } from "../testing/typed-rows.fixture.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Rows of every kind of column, in row groups of 100. */
function parquet(count: number, options: { first?: number } = {}): Uint8Array {
  const ids = range(count).map((i) => i + (options.first ?? 0));
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "id", data: ids.map(BigInt), type: "INT64", nullable: false },
        { name: "small", data: ids.map((i) => i * 2), type: "INT32", nullable: false },
        { name: "real", data: ids.map((i) => (i % 4 === 3 ? null : i / 8)), type: "DOUBLE", nullable: true },
        { name: "text", data: ids.map((i) => (i % 5 === 4 ? null : `text ${i % 7}`)), type: "STRING", nullable: true },
        { name: "at", data: ids.map((i) => new Date(1_700_000_000_000 + i)), type: "TIMESTAMP", nullable: false },
        { name: "ok", data: ids.map((i) => i % 2 === 0), type: "BOOLEAN", nullable: false },
        { name: "json", data: ids.map((i) => ({ i, list: [i] })), type: "JSON", nullable: false },
      ],
      rowGroupSize: 100,
    }),
  );
}

const row = (i: number): Record<string, unknown> => ({ id: BigInt(i), small: i * 2, real: i % 4 === 3 ? null : i / 8, text: i % 5 === 4 ? null : `text ${i % 7}`, at: 1_700_000_000_000 + i, ok: i % 2 === 0, json: { i, list: [i] } });

async function read(content: Uint8Array, options: OpenOptions & { file?: Partial<FileSourceOptions>; at?: Position } = {}): Promise<Drained> {
  const files = new TestFiles();
  await files.write("/data/in.parquet", content);
  const { file, at, ...open } = options;
  const drained = await drain(fileSource({ path: "/data/in.parquet", ...file }), { environment: files.environment, ...(at === undefined ? {} : { from: { "/data/in.parquet": at } }), ...open });
  expect(files.openFiles).toBe(0);
  return drained;
}

registerConformance(
  it,
  sourceConformance<{ files: TestFiles; count: number }>({
    capabilities: { replayable: true, bounded: true, deterministic: true, singlePartition: true },
    create: async (count) => {
      const files = new TestFiles();
      await files.write("/data/a.parquet", parquet(count));
      return { files, count };
    },
    source: (): Source => fileSource({ path: "/data/a.parquet" }),
    expected: ({ count }) => new Map([["/data/a.parquet", range(count).map(row)]]),
    environment: ({ files }) => files.environment,
    openHandles: ({ files }) => files.openFiles,
    typed: (given) => typedFile("parquet", given),
  }),
);

describe("columns", () => {
  it("rows have the values of the file's types, in its order of columns", async () => {
    const { values } = await read(parquet(250));
    expect(values).toEqual(range(250).map(row));
    expect(Object.keys(values[0] as object)).toEqual(["id", "small", "real", "text", "at", "ok", "json"]);
  });

  it("rows and columns of a batch agree", async () => {
    const { batches } = await read(parquet(150));
    for (const batch of batches) {
      const columns = new Map(batch.columns?.map((column: Column) => [column.name, column.values]));
      expect(batch.values?.map((_, i) => Object.fromEntries([...columns].map(([name, values]) => [name, values[i]])))).toEqual(batch.values);
    }
  });

  it("reads only the columns that are wanted", async () => {
    const files = new TestFiles();
    await files.write("/data/in.parquet", parquet(1000));
    const one = await drain(fileSource({ path: "/data/in.parquet" }), { environment: files.environment, projection: [["small"], ["json", "i"]] });
    expect(one.values[7]).toEqual({ small: 14, json: { i: 7 } });
  });

  it("with a schema, values are of its types, and missing nullable columns are null", async () => {
    const schema: Schema = { type: "struct", fields: [{ name: "at", type: { type: "timestamp" } }, { name: "id", type: { type: "int32" } }, { name: "real", type: { type: "float64", nullable: true } }, { name: "none", type: { type: "string", nullable: true } }, { name: "small", type: { type: "int64" } }] };
    const { values, rejected } = await read(parquet(120), { file: { schema } });
    expect(rejected).toEqual([]);
    expect(values[103]).toEqual({ at: 1_700_000_000_103, id: 103, real: null, none: null, small: 206n });
    expect((await read(parquet(10), { file: { schema }, projection: [["id"]] })).values[3]).toEqual({ id: 3 });
  });

  it("rows that do not fit are rejected alone, in their places", async () => {
    const schema: Schema = { type: "struct", fields: [{ name: "real", type: { type: "float64" } }] };
    const { values, rejected, positions } = await read(parquet(10), { file: { schema } });
    expect(values).toEqual([0, 1, 2, 4, 5, 6, 8, 9].map((i) => ({ real: i / 8 })));
    expect(rejected.map((one) => [one.beforeIndex, one.error.code])).toEqual([[3, "SF_TYPE_MISMATCH"], [6, "SF_TYPE_MISMATCH"]]);
    for (const [i, position] of positions.entries()) expect((await read(parquet(10), { file: { schema }, at: position })).values).toEqual(values.slice(i + 1));
  });
});

describe("values that a float or a text would lose", () => {
  const decimal = { type: "FIXED_LEN_BYTE_ARRAY", type_length: 16, converted_type: "DECIMAL", precision: 38, scale: 2, repetition_type: "OPTIONAL" } as const;
  const units = [1n, -1n, 3n, 0n, 1_234_567_890_123_456_789_012_345n, -(10n ** 30n), null];
  const texts = ["0.01", "-0.01", "0.03", "0.00", "12345678901234567890123.45", "-10000000000000000000000000000.00", null];
  const file = (): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        schema: [{ name: "root", num_children: 4 }, { name: "group", repetition_type: "REQUIRED", num_children: 1 }, { name: "inner", type: "INT32", repetition_type: "REQUIRED" }, { name: "wide", ...decimal }, { name: "narrow", type: "INT64", converted_type: "DECIMAL", precision: 18, scale: 3, repetition_type: "REQUIRED" }, { name: "bytes", type: "BYTE_ARRAY", repetition_type: "REQUIRED" }],
        columnData: [
          { name: "group", data: range(7).map((inner) => ({ inner })) },
          { name: "wide", data: units },
          { name: "narrow", data: range(7).map((i) => BigInt(i) * 3n) },
          { name: "bytes", data: range(7).map((i) => Uint8Array.of(255, i)) },
        ],
      }),
    );

  it("decimals are exact and bytes are bytes, with a schema and without", async () => {
    const expected = range(7).map((i) => ({ group: { inner: i }, wide: texts[i], narrow: `0.0${String(i * 3).padStart(2, "0")}`, bytes: Uint8Array.of(255, i) }));
    expect((await read(file())).values).toEqual(expected);
    const schema: Schema = { type: "struct", fields: [{ name: "wide", type: { type: "decimal", precision: 38, scale: 2, nullable: true } }, { name: "narrow", type: { type: "decimal", precision: 9, scale: 4 } }, { name: "bytes", type: { type: "bytes" } }] };
    const typed = await read(file(), { file: { schema } });
    expect(typed.rejected).toEqual([]);
    expect(typed.values).toEqual(expected.map(({ wide, narrow, bytes }) => ({ wide, narrow: `${narrow}0`, bytes })));
  });

  it("what is no text or no JSON, though the file says so, is rejected alone", async () => {
    const columnData = [{ name: "text", data: ["a", "QQQ", "c", "d"], type: "STRING" as const, nullable: false }, { name: "json", data: [[1], [2], ["ZZZ"], [4]], type: "JSON" as const, nullable: false }];
    const bytes = Buffer.from(parquetWriteBuffer({ columnData, codec: "UNCOMPRESSED" }));
    for (let at = bytes.indexOf("QQQ"); at >= 0; at = bytes.indexOf("QQQ")) bytes.fill(0xff, at, at + 3);
    for (let at = bytes.indexOf('"ZZZ"'); at >= 0; at = bytes.indexOf('"ZZZ"')) bytes.write("{", at);
    const schema: Schema = { type: "struct", fields: [{ name: "text", type: { type: "string" } }, { name: "json", type: { type: "list", element: { type: "any" } } }] };
    const { values, rejected } = await read(bytes, { file: { schema } });
    expect(values).toEqual([{ text: "a", json: [1] }, { text: "d", json: [4] }]);
    expect(rejected.map(({ error }) => error.code)).toEqual(["SF_TYPE_MISMATCH", "SF_TYPE_MISMATCH"]);
    expect((await read(bytes)).values[1]).toEqual({ text: Uint8Array.of(255, 255, 255), json: [2] });
  });
});

describe("bad input", () => {
  it("SF_SOURCE_POSITION: another file in the place of the one that was read", async () => {
    const { positions } = await read(parquet(120));
    expect((await read(parquet(120), { at: positions[109] ?? "" })).values).toEqual(range(10).map((i) => row(110 + i)));
    expect((await read(parquet(121), { at: positions[109] ?? "" })).failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
    expect((await read(parquet(120, { first: 1 }), { at: positions[109] ?? "" })).failure).toMatchObject({ code: "SF_SOURCE_POSITION" });
  });

  it("SF_CODEC_DECODE: what is no Parquet file, and one that is cut or damaged", async () => {
    expect((await read(new Uint8Array(0))).failure).toMatchObject({ code: "SF_CODEC_DECODE", message: expect.stringContaining('"/data/in.parquet"') as unknown });
    expect((await read(Buffer.from('{"a":1}\n'))).failure).toMatchObject({ code: "SF_CODEC_DECODE" });
    expect((await read(parquet(50).slice(0, -20))).failure).toMatchObject({ code: "SF_CODEC_DECODE" });
    const damaged = parquet(300);
    damaged.fill(0xff, 2000, 2600);
    expect((await read(damaged)).failure).toMatchObject({ code: "SF_CODEC_DECODE" });
  });

  it("a file without rows has none", async () => {
    expect(await read(parquet(0))).toMatchObject({ values: [], failure: undefined });
  });
});
