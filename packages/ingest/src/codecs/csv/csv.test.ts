import { mayGenerateCode, StreamFlowError, type DataType, type Projection, type StructType } from "@streamflow/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAll } from "../../testing/decode-all.ts";
import { csv, type CsvOptions } from "./csv.ts";

interface Options extends CsvOptions {
  readonly schema?: DataType;
  readonly projection?: Projection;
  readonly cuts?: readonly number[];
  readonly maxRecordBytes?: number;
  readonly inColumns?: boolean;
}

function decode(text: string | Uint8Array, options: Options = {}): ReturnType<typeof decodeAll> {
  const { schema, projection = "all", cuts, maxRecordBytes = 1000, inColumns = false, ...csvOptions } = options;
  const decoder = csv(csvOptions).create({ projection, maxRecordBytes, columns: inColumns, ...(schema === undefined ? {} : { schema }) });
  return decodeAll(decoder, typeof text === "string" ? Buffer.from(text) : text, cuts);
}

const items = (text: string | Uint8Array, options: Options = {}): readonly unknown[] => decode(text, options).items;

describe("RFC 4180", () => {
  it("SF_RECORD_TOO_LARGE: a quoted field that is never closed is rejected where the input ends, in however many pieces it comes", () => {
  const bytes = Buffer.from(`a,b\n1,x\n2,"${"y\n".repeat(200)}`);
  for (const cut of [20, 100, 200, bytes.length]) {
    const decoder = csv().create({ projection: "all", maxRecordBytes: 50 });
    const seen: unknown[] = [];
    const out = { value: (value: unknown) => void seen.push(value), reject: (error: StreamFlowError) => void seen.push([error.code, error.context?.["bytes"], error.hint?.includes("not closed")]) };
    let at = 0;
    for (let to = cut; to < bytes.length; to += cut) at = decoder.decode(bytes, at, to, false, out);
    at = decoder.decode(bytes, at, bytes.length, false, out);
    expect(decoder.decode(bytes, at, bytes.length, true, out)).toBe(bytes.length);
    expect(seen).toEqual([{ a: "1", b: "x" }, ["SF_RECORD_TOO_LARGE", 403, true]]);
  }
});

it("quoted fields hold delimiters, doubled quotes and line ends; line ends may be CRLF", () => {
    expect(items('a,b\r\n"x,y","say ""hi"""\r\n"two\r\nlines",\n')).toEqual([
      { a: "x,y", b: 'say "hi"' },
      { a: "two\r\nlines", b: "" },
    ]);
  });

  it("the last record needs no line end; blank lines are skipped; a quoted empty field is a record", () => {
    expect(items('a\n1\n\n\r\n""\n2')).toEqual([{ a: "1" }, { a: "" }, { a: "2" }]);
  });

  it("any one-byte delimiter", () => {
    expect(items("a;b\n1,5;2\n", { delimiter: ";" })).toEqual([{ a: "1,5", b: "2" }]);
    expect(items("a\tb\n1\t2\n", { delimiter: "\t" })).toEqual([{ a: "1", b: "2" }]);
  });

  it("reads back what is written by its rules, wherever the input is cut", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", "é", ",", '"', "\n", "\r", " ", "😀"), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 12 }), fc.constantFrom("\n", "\r\n"), fc.array(fc.nat(300), { maxLength: 4 }), (rows, lineEnd, cuts) => {
        const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
        const text = `x,y,__proto__${lineEnd}${rows.map((row) => row.map(quoted).join(",") + lineEnd).join("")}`;
        const read = items(text, { cuts }).map((row) => ["x", "y", "__proto__"].map((name) => Object.getOwnPropertyDescriptor(row, name)?.value as unknown));
        expect(read).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });

  it("DEC-2: hostile input gives the same items and raw bytes wherever it is cut, also beyond the bound", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "1", ",", '"', "\n", "\r\n", "é", " "), maxLength: 120 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(130), { maxLength: 6 }), fc.constantFrom(5, 20, 1000), (hostile, cuts, maxRecordBytes) => {
        const input = `a,b\n${hostile}`;
        expect(decode(input, { cuts, maxRecordBytes })).toEqual(decode(input, { maxRecordBytes }));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("headers and columns", () => {
  it("without a header, columns come from the options or the schema", () => {
    expect(items("1,2\n", { header: false, columns: ["a", "b"] })).toEqual([{ a: "1", b: "2" }]);
    const schema: StructType = { type: "struct", fields: [{ name: "n", type: { type: "int32" } }] };
    expect(items("1\n2\n", { header: false, schema })).toEqual([{ n: 1 }, { n: 2 }]);
    expect(() => items("1\n", { header: false })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });

  it("columns of the options take the place of a header's names", () => {
    expect(items("x,y\n1,2\n", { columns: ["a", "b"] })).toEqual([{ a: "1", b: "2" }]);
    expect(() => items("x,y\n1,2\n", { columns: ["a"] })).toThrow(expect.objectContaining({ code: "SF_CODEC_DECODE" }));
  });

  it("SF_SCHEMA_INVALID, which a restart would not mend: doubled names, and a required column that is not there", () => {
    expect(() => items("a,a\n1,2\n")).toThrow(expect.objectContaining({ code: "SF_SCHEMA_INVALID" }));
    const schema: StructType = { type: "struct", fields: [{ name: "b", type: { type: "int32" } }] };
    expect(() => items("a\n1\n", { schema })).toThrow(expect.objectContaining({ code: "SF_SCHEMA_INVALID", message: 'the CSV columns lack "b", which the schema requires; they are a' }));
    expect(items("a\n1\n", { schema: { type: "struct", fields: [{ name: "b", type: { type: "int32", nullable: true } }] } })).toEqual([{ b: null }]);
  });

  it("a byte order mark is no part of the first name", () => {
    for (const cuts of [[], [1], [2], [4]]) expect(items("\ufeffa\n1\n", { cuts })).toEqual([{ a: "1" }]);
  });

  it("SF_CONFIG_INVALID: a delimiter that is none", () => {
    for (const delimiter of ["", '"', "\n", ",,", "é"]) expect(() => csv({ delimiter })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });
});

describe("values", () => {
  it("cells become the schema's values, and only what is wanted", () => {
    const schema: StructType = { type: "struct", fields: [{ name: "at", type: { type: "timestamp" } }, { name: "n", type: { type: "int64" } }, { name: "f", type: { type: "float64", nullable: true } }, { name: "s", type: { type: "string" } }] };
    const text = "s,f,n,at\nx,1.5,9007199254740993,2026-01-02T03:04:05Z\n,,1,0\n";
    expect(items(text, { schema })).toEqual([{ at: 1767323045000, n: 9007199254740993n, f: 1.5, s: "x" }, { at: 0, n: 1n, f: null, s: "" }]);
    expect(items(text, { schema, projection: [["n"]] })).toEqual([{ n: 9007199254740993n }, { n: 1n }]);
    expect(items(text, { projection: [["f"]] })).toEqual([{ f: "1.5" }, { f: "" }]);
  });

  it("DEC-3: ragged, mistyped, malformed and too long records, and invalid UTF-8, are rejected alone", () => {
    const schema: StructType = { type: "struct", fields: [{ name: "a", type: { type: "int32" } }, { name: "b", type: { type: "string" } }] };
    const bytes = Buffer.concat([Buffer.from('a,b\n1,x\n1\n1,2,3\nx,y\n2,"a"b\n'), Buffer.from([0x31, 0x2c, 0xff, 0x0a]), Buffer.from(`3,${"z".repeat(2000)}\n4,ok\n5,"open`)]);
    expect(items(bytes, { schema })).toEqual([{ a: 1, b: "x" }, "!SF_CODEC_DECODE", "!SF_CODEC_DECODE", "!SF_TYPE_MISMATCH", "!SF_CODEC_DECODE", "!SF_CODEC_DECODE", "!SF_RECORD_TOO_LARGE", { a: 4, b: "ok" }, "!SF_CODEC_DECODE"]);
  });
});

it("DEC-5: goes on behind a snapshot, wherever the input was cut", () => {
  const bytes = Buffer.from(`a,b\n1,"x\ny"\n2,${"z".repeat(80)}"\n3,ok\n`);
  const read = (cut: number): unknown[] => {
    const seen: unknown[] = [];
    const out = { value: (value: unknown): void => void seen.push(value), reject: (error: StreamFlowError): void => void seen.push(error.code) };
    const first = csv().create({ projection: "all", maxRecordBytes: 30 });
    const used = first.decode(bytes, 0, cut, false, out);
    const second = csv().create({ projection: "all", maxRecordBytes: 30 });
    second.restore?.(first.snapshot?.() ?? "");
    second.decode(bytes, used, bytes.length, true, out);
    return seen;
  };
  for (let cut = 0; cut < bytes.length; cut++) expect(read(cut), `cut at ${cut}`).toEqual([{ a: "1", b: "x\ny" }, "SF_RECORD_TOO_LARGE", { a: "3", b: "ok" }]);
});

describe("the scanner", () => {
  const fields: StructType["fields"] = [{ name: "n", type: { type: "int32" } }, { name: "s", type: { type: "string", nullable: true } }, { name: "f", type: { type: "float64" } }, { name: "gone", type: { type: "int64", nullable: true } }];
  const schema: StructType = { type: "struct", fields };
  const header = "s,n,skipped,f\r\n";
  const record = (i: number): string => `${["", '""', "é", '"a,b"'][i % 4]},${i % 3 === 0 ? "-" : ""}${i},"x ${i}",${i / 8}\r\n`;

  it.skipIf(!mayGenerateCode())("DEC-6: fills columns with what rows are made of, numbers in arrays of numbers", () => {
    const decoder = csv().create({ schema, projection: "all", maxRecordBytes: 1000, columns: true });
    expect(decoder.columns).toEqual([{ name: "n", form: "numbers" }, { name: "s", form: "values" }, { name: "f", form: "numbers" }, { name: "gone", form: "values" }]);
    const text = header + Array.from({ length: 3000 }, (_, i) => record(i)).join("");
    const [rows, columns] = [decode(text, { schema }), decode(text, { schema, inColumns: true, cuts: [7, 9000, 9001] })];
    expect(columns).toEqual(rows);
    expect(rows.items.slice(0, 2)).toEqual([{ n: 0, s: null, f: 0, gone: null }, { n: 1, s: "", f: 0.125, gone: null }]);
  });

  it.skipIf(!mayGenerateCode())("takes quotes, line ends of Windows, signs and fractions, also around what it leaves", () => {
    const decoder = csv().create({ schema, projection: "all", maxRecordBytes: 1000 });
    const watched = decoder as unknown as { odd: (at: number) => number };
    const odd = watched.odd.bind(decoder);
    let left = 0;
    watched.odd = (at) => (left++, odd(at));
    let seen = 0;
    const lines = Array.from({ length: 2000 }, (_, i) => (i % 100 === 7 ? Buffer.from('"two\nlines",7,,1e2\r\n') : i % 100 === 8 ? Buffer.from([0xff, 0x2c, 0x0a]) : Buffer.from(record(i))));
    const bytes = Buffer.concat([Buffer.from(header), ...lines, Buffer.alloc(16)]);
    decoder.decode(bytes, 0, bytes.length - 16, false, { value: () => seen++, reject: () => seen++ });
    expect(seen).toBe(2000);
    // The header, and what was made odd on purpose.
    expect(left).toBe(41);
  });

  it("strict gives the same", () => {
    const text = header + Array.from({ length: 50 }, (_, i) => record(i)).join("");
    expect(items(text, { schema, strict: true })).toEqual(items(text, { schema }));
  });

  it("a JSON cell with an escape in a name is read as it is written", () => {
    const any: StructType = { type: "struct", fields: [{ name: "m", type: { type: "map", key: { type: "string" }, value: { type: "int32" } } }] };
    const cell = (text: string): string => `"${text.replaceAll('"', '""')}"\n`;
    const text = `m\n${cell('{"first of cells":1,"odd\\\\":1}')}${cell('{"first of cells":1,"odd\\n":2}')}${cell('{"odd\\n":}')}`;
    expect(items(text, { schema: any })).toEqual([{ m: new Map([["first of cells", 1], ["odd\\", 1]]) }, { m: new Map([["first of cells", 1], ["odd\n", 2]]) }, "!SF_TYPE_MISMATCH"]);
  });
});
