import { isUtf8 } from "node:buffer";
import { mayGenerateCode, StreamFlowError, type DataType, type Projection, type StructType } from "@streamflow/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeAll } from "../../testing/decode-all.ts";
import { describeValue } from "../fuzz/describe-value.fixture.ts";
import { oracleJson } from "../fuzz/oracle-json.fixture.ts";
import { cut } from "../fuzz/oracle-types.fixture.ts";
import { hostileStream, oddTexts } from "./hostile-json.fixture.ts";
import { withRewrittenScanners } from "../scanner-function.ts";
import { ndjson } from "./ndjson.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 400);
const maxRecordBytes = 4096;

/** What the decoder means, in a few lines: each line alone. */
function reference(bytes: Buffer, projection: Projection): unknown[] {
  const items: unknown[] = [];
  const start = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0;
  for (let at = start; at < bytes.length; ) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.subarray(at, end);
    at = end + 1;
    if (/^[ \t\r]*$/.test(line.toString("latin1"))) continue;
    try {
      if (!isUtf8(line)) throw new Error("not UTF-8");
      items.push(cut(oracleJson(line.toString("utf8"), false), projection));
    } catch {
      items.push("!SF_CODEC_DECODE");
    }
  }
  return items;
}

/** Equal values, own `__proto__` and the order of fields included. */
function expectSame(actual: readonly unknown[], expected: readonly unknown[]): void {
  const text = (items: readonly unknown[]): string[] => items.map((item) => describeValue(item));
  expect(text(actual)).toEqual(text(expected));
}

function lines(count: number, line: (i: number) => string): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, i) => line(i)).join(""));
}

const decode = (bytes: Uint8Array, options: { projection?: Projection; schema?: DataType; strict?: boolean; columns?: boolean; texts?: boolean; cuts?: readonly number[]; maxRecordBytes?: number } = {}): ReturnType<typeof decodeAll> => {
  const decoder = ndjson(options.strict === undefined ? {} : { strict: options.strict }).create({ projection: options.projection ?? "all", columns: options.columns ?? false, texts: options.texts ?? false, maxRecordBytes: options.maxRecordBytes ?? maxRecordBytes, ...(options.schema === undefined ? {} : { schema: options.schema }) });
  return decodeAll(decoder, bytes, options.cuts);
};

describe("scanner against JSON.parse", () => {
  it("I1: gives the same values, whatever is read of them and wherever the input is cut", () => {
    fc.assert(
      fc.property(hostileStream, fc.array(fc.nat(6), { maxLength: 4 }), fc.boolean(), (stream, chosen, all) => {
        const projection: Projection = all ? "all" : chosen.map((i) => [stream.fields[i % stream.fields.length] ?? "", ...(i === 5 ? ["n"] : [])]);
        expectSame(decode(stream.bytes, { projection, cuts: stream.cuts }).items, reference(stream.bytes, projection));
      }),
      { numRuns: runs },
    );
  });

  it("gives the same values when the layout is known from clean lines before", () => {
    fc.assert(
      fc.property(hostileStream, (stream) => {
        const first = stream.bytes.subarray(0, stream.bytes.indexOf(0x0a) + 1);
        const taught = Buffer.concat([...Array.from({ length: 40 }, () => first), stream.bytes]);
        expectSame(decode(taught, { cuts: [first.length * 40] }).items, reference(taught, "all"));
      }),
      { numRuns: runs },
    );
  });

  // One odd value among clean ones: every text, in the place of every kind of value that has code of its own, read or not.
  const places: readonly (readonly [name: string, clean: (i: number) => string])[] = [
    ["an integer", (i) => String(i)],
    ["a number", (i) => `${i}.25`],
    ["a string", (i) => `"s${i}"`],
    ["a literal", (i) => String(i % 2 === 0)],
    ["a list", (i) => `[${i},"x"]`],
    ["an object", (i) => `{"x":${i}}`],
    ["one of several kinds", (i) => (i % 2 === 0 ? "null" : String(i))],
  ];
  it.each(places)("an odd text in the place of %s", (_, clean) => {
    for (const projection of ["all", [["a"]], [["b"]], [["c"]]] as const) {
      for (const odd of oddTexts) {
        const bytes = lines(60, (i) => `{"a":1,"b":${i === 50 ? odd : clean(i)},"c":"z"}\n`);
        const cut = bytes.indexOf(0x0a, 400) + 1;
        expectSame(decode(bytes, { projection, cuts: [cut] }).items, reference(bytes, projection));
      }
    }
  });

  it("gives the same typed values as when every record is parsed whole", () => {
    const types: readonly DataType[] = [{ type: "string" }, { type: "int32" }, { type: "int64" }, { type: "float64" }, { type: "bool" }, { type: "timestamp" }, { type: "any", nullable: true }, { type: "decimal", precision: 30, scale: 6 }, { type: "list", element: { type: "int64" } }, { type: "struct", fields: [{ name: "n", type: { type: "int64", nullable: true } }] }, { type: "map", key: { type: "string" }, value: { type: "any", nullable: true } }];
    fc.assert(
      fc.property(hostileStream, fc.array(fc.tuple(fc.nat(types.length - 1), fc.boolean()), { minLength: 6, maxLength: 6 }), (stream, chosen) => {
        const fields = stream.fields.map((name, i) => ({ name, type: { ...(types[chosen[i]?.[0] ?? 0] ?? { type: "string" }), nullable: chosen[i]?.[1] ?? true } as DataType }));
        const schema: StructType = { type: "struct", fields: [...fields, { name: "missing", type: { type: "string", nullable: true } }] };
        const parsed = decode(stream.bytes, { schema, strict: true });
        expectSame(decode(stream.bytes, { schema, cuts: stream.cuts }).items, parsed.items);
        for (const texts of [false, true]) {
          const columns = decode(stream.bytes, { schema, cuts: stream.cuts, columns: true, texts });
          expectSame(columns.items, parsed.items);
          expect(columns.raw).toEqual(parsed.raw);
        }
      }),
      { numRuns: runs },
    );
  });

  it("DEC-2: raw bytes are the same wherever the input is cut", () => {
    fc.assert(
      fc.property(hostileStream, (stream) => {
        expect(decode(stream.bytes, { cuts: stream.cuts, maxRecordBytes: 40 })).toEqual(decode(stream.bytes, { maxRecordBytes: 40 }));
      }),
      { numRuns: runs },
    );
  });
});

/** How many lines the generated code took: those that were not left to the slow path. */
function scanned(text: Buffer, options: { projection?: Projection; schema?: DataType } = {}): number {
  const decoder = ndjson().create({ projection: options.projection ?? "all", maxRecordBytes, ...(options.schema === undefined ? {} : { schema: options.schema }) });
  const watched = decoder as unknown as { odd: (start: number, end: number) => void };
  const odd = watched.odd.bind(decoder);
  let [all, left] = [0, 0];
  watched.odd = (start, end) => {
    left++;
    odd(start, end);
  };
  const out = { value: (): void => void all++, reject: (): void => void all++ };
  const chunk = 8192;
  for (let at = 0; at < text.length; ) {
    const to = Math.min(text.length, at + chunk);
    at = decoder.decode(text, at, to, to === text.length, out);
  }
  return all - left;
}

describe.skipIf(!mayGenerateCode())("what the scanner takes", () => {
  const share = (bytes: Buffer, options: Parameters<typeof scanned>[1] = {}): number => scanned(bytes, options) / bytes.toString("latin1").split("\n").filter((line) => line !== "").length;

  it("takes records with spaces, floats, null, booleans, nested values and line ends of Windows", () => {
    expect(share(lines(4000, (i) => `{"a":${i},"s":"x${i}"}\n`))).toBeGreaterThan(0.95);
    expect(share(lines(4000, (i) => `{"a": ${i / 8}, "ok": ${i % 2 === 0}, "none": null, "list": [1, {"x": 2}], "in": {"deep": {"er": -${i}}}}\r\n`))).toBeGreaterThan(0.95);
    expect(share(lines(4000, (i) => (i % 3 === 0 ? `{"a":null,"b":1}\n` : `{"a":"x","b":${i % 5 === 0 ? "1.5" : "2"}}\n`)))).toBeGreaterThan(0.9);
  });

  it("takes streams that mix several layouts", () => {
    const kinds = [(i: number): string => `{"person":{"id":${i},"name":"n"}}\n`, (i: number): string => `{"auction":{"id":${i},"item":"i"}}\n`, (i: number): string => `{"bid":{"auction":${i},"price":${i}}}\n`];
    expect(share(lines(6000, (i) => (kinds[i % 3] ?? String)(i)))).toBeGreaterThan(0.9);
  });

  it("has a function of its own for layouts that are rare, and records keep their order", () => {
    const bytes = lines(8_000, (i) => {
      if (i % 50 === 0) return `{"kind":"person","id":${i},"name":"n${i}"}\n`;
      if (i % 50 < 4) return `{"kind":"auction","id":${i},"item":"i"}\n`;
      if (i % 97 === 0) return `{"kind":"bid","price":"many","text":"x"}\n`;
      return i % 101 === 0 ? "{\n" : `{"kind":"bid","price":${i},"text":"${i % 89 === 0 ? "\\n" : "é"}"}\n`;
    });
    const schema: StructType = { type: "struct", fields: [{ name: "kind", type: { type: "string" } }, { name: "id", type: { type: "int32", nullable: true } }, { name: "price", type: { type: "int32", nullable: true } }, { name: "text", type: { type: "string", nullable: true } }] };
    for (const options of [{}, { projection: [["id"], ["price"]] }, { schema }, { schema, columns: true, texts: true }]) {
      let parts = 0;
      const found = withRewrittenScanners((source) => ((parts += source.includes("=H.rare(") ? 1 : 0), source), () => decode(bytes, options));
      expect(parts).toBeGreaterThan(0);
      const expected = decode(bytes, { ...options, strict: true });
      expectSame(found.items, expected.items);
      expect(found.raw).toEqual(expected.raw);
    }
    expect(share(bytes)).toBeGreaterThan(0.9);
  });

  it("learns again when the layout changes", () => {
    const changed = Buffer.concat([lines(5000, (i) => `{"a":${i}}\n`), lines(5000, (i) => `{"b":"${i}","a":${i}}\n`), lines(5000, (i) => `{"c":${i}.5}\n`)]);
    expect(share(changed)).toBeGreaterThan(0.85);
  });

  it("takes the records around lines that are not valid UTF-8", () => {
    const bytes = Buffer.concat(Array.from({ length: 4000 }, (_, i) => (i % 50 === 0 ? Buffer.from([0x22, 0xff, 0x22, 0x0a]) : Buffer.from(`{"a":${i},"s":"é${i}"}\n`))));
    expect(share(bytes)).toBeGreaterThan(0.9);
    expectSame(decode(bytes).items, reference(bytes, "all"));
  });

  it("takes strings with escapes, where they often have some", () => {
    const escaped = lines(3000, (i) => `{"path":"C:\\\\tmp\\\\${i}","text":"caf\\u00e9 \\"${i}\\"","none":"x"}\n`);
    expect(share(escaped)).toBeGreaterThan(0.95);
    expect(decode(escaped).items[2999]).toEqual({ path: "C:\\tmp\\2999", text: 'café "2999"', none: "x" });
    // Now and then they cost no more than their own records.
    expect(share(lines(6000, (i) => `{"a":${i},"text":"${i % 100 === 0 ? "\\n" : "x"}"}\n`))).toBeGreaterThan(0.95);
  });

  it("takes typed records", () => {
    const schema: StructType = { type: "struct", fields: [{ name: "b", type: { type: "int64" } }, { name: "a", type: { type: "int32" } }, { name: "none", type: { type: "string", nullable: true } }] };
    const bytes = lines(3000, (i) => `{"a":${i},"b":${i},"c":"x"}\n`);
    expect(share(bytes, { schema })).toBeGreaterThan(0.95);
    const long: StructType = { type: "struct", fields: [{ name: "id", type: { type: "int64" } }, { name: "ids", type: { type: "list", element: { type: "int64" } } }, { name: "d", type: { type: "decimal", precision: 20, scale: 3 } }] };
    const ids = lines(3000, (i) => `{"id":${i % 2 === 0 ? "-" : ""}92233720368547${10_000 + i},"ids":[${i},9007199254740993],"d":-${i}.25}\n`);
    expect(share(ids, { schema: long })).toBeGreaterThan(0.95);
    expect(decode(ids, { schema: long }).items[2001]).toEqual({ id: 9223372036854712001n, ids: [2001n, 9007199254740993n], d: "-2001.250" });
    expect(decode(bytes.subarray(0, 40), { schema }).items.slice(0, 1)).toEqual([{ b: 0n, a: 0, none: null }]);
  });
});

it.skipIf(!mayGenerateCode())("strict: no scanner is ever made, and the records are the same", () => {
  const bytes = lines(200, (i) => `{"a":${i},"b":{"c":"${"x".repeat(i % 7)}"}}\n`);
  const read = (strict: boolean): { made: number; items: readonly unknown[] } => {
    let made = 0;
    const items = withRewrittenScanners((source) => (made++, source), () => decode(bytes, { strict, projection: [["b", "c"]] }).items);
    return { made, items };
  };
  const [strict, scanned] = [read(true), read(false)];
  expect([strict.made, scanned.made > 0]).toEqual([0, true]);
  expectSame(scanned.items, strict.items);
});

describe("records", () => {
  it("a last line without a newline is a record; a torn one is rejected", () => {
    expect(decode(Buffer.from('{"a":1}\n{"a":2}')).items).toEqual([{ a: 1 }, { a: 2 }]);
    expect(decode(Buffer.from('{"a":1}\n{"a":')).items).toEqual([{ a: 1 }, "!SF_CODEC_DECODE"]);
  });

  it("a broken line and invalid UTF-8 are rejected alone", () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"x"}\n{broken\n{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}\n{"a":"é"}\n')]);
    expect(decode(bytes).items).toEqual([{ a: "x" }, "!SF_CODEC_DECODE", "!SF_CODEC_DECODE", { a: "é" }]);
  });

  it("values that are no objects are records too; blank lines are none", () => {
    expect(decode(Buffer.from('1\n\n"x"\n  \r\nnull\n[1]\n')).items).toEqual([1, "x", null, [1]]);
  });

  it("doubled names count as in JSON.parse; __proto__ is a field", () => {
    const [doubled, proto] = decode(Buffer.from('{"a":1,"a":2}\n{"__proto__":{"x":1}}\n')).items as [unknown, object];
    expect(doubled).toEqual({ a: 2 });
    expect(Object.hasOwn(proto, "__proto__")).toBe(true);
    expect(Object.getPrototypeOf(proto)).toBe(Object.prototype);
  });

  it("a byte order mark is skipped at the start alone, even cut into bytes", () => {
    const bytes = Buffer.from('\ufeff{"a":1}\n\ufeff{"a":2}\n');
    for (const cuts of [[], [1], [1, 2], [2], [3]]) expect(decode(bytes, { cuts }).items).toEqual([{ a: 1 }, "!SF_CODEC_DECODE"]);
  });

  it("a record is exactly what is read of it", () => {
    const bytes = lines(40, (i) => `{"a":${i},"b":{"c":1,"d":2},"e":[1]}\n`);
    expect(decode(bytes, { projection: [["b", "d"], ["e"], ["none"]] }).items).toEqual(Array.from({ length: 40 }, () => ({ b: { d: 2 }, e: [1] })));
    expect(decode(bytes, { projection: [] }).items).toEqual(Array.from({ length: 40 }, () => ({})));
  });

  it("int64 and decimal keep every digit", () => {
    const schema: StructType = { type: "struct", fields: [{ name: "n", type: { type: "int64" } }, { name: "d", type: { type: "decimal", precision: 20, scale: 18 } }, { name: "f", type: { type: "float64" } }] };
    const bytes = lines(40, () => '{"n":9007199254740993,"d":0.123456789012345678,"f":0.12345678901234567}\n');
    expect(new Set(decode(bytes, { schema }).items.map((item) => JSON.stringify(item, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : v))))).toEqual(new Set(['{"n":"9007199254740993n","d":"0.123456789012345678","f":0.12345678901234566}']));
  });

  it("a value of the wrong type is rejected alone, with its path", () => {
    const rejected: StreamFlowError[] = [];
    const decoder = ndjson().create({ projection: "all", maxRecordBytes, schema: { type: "struct", fields: [{ name: "a", type: { type: "int32" } }] } });
    const bytes = lines(40, (i) => (i === 30 ? '{"a":1.5}\n' : `{"a":${i}}\n`));
    let values = 0;
    decoder.decode(bytes, 0, bytes.length, true, { value: () => values++, reject: (error) => rejected.push(error) });
    expect(values).toBe(39);
    expect(rejected).toHaveLength(1);
    expect(rejected[0]).toMatchObject({ code: "SF_TYPE_MISMATCH", message: expect.stringContaining("a") as unknown });
  });
});

it("nesting of any depth costs no stack: it is a value, or with a schema rejected", () => {
  const deep = `${"[".repeat(200_000)}1${"]".repeat(200_000)}`;
  const bytes = lines(40, (i) => `{"a":${i === 30 ? deep : `[${i}]`}}\n`);
  for (const projection of ["all", []] as const) expect(decode(bytes, { projection, maxRecordBytes: 1 << 20 }).items).toHaveLength(40);
  const schema: StructType = { type: "struct", fields: [{ name: "a", type: { type: "list", element: { type: "any" } } }, { name: "n", type: { type: "int64", nullable: true } }] };
  const typed = decode(bytes, { schema, maxRecordBytes: 1 << 20 }).items;
  expect(typed.filter((item) => typeof item !== "string").length).toBeGreaterThanOrEqual(39);
});

describe("long lines", () => {
  it("SF_RECORD_TOO_LARGE: a 100 MB line is rejected without being held, and the stream goes on", () => {
    const decoder = ndjson().create({ projection: "all", maxRecordBytes: 1 << 20 });
    const chunk = Buffer.alloc(1 << 20, 0x61);
    const seen: unknown[] = [];
    let size = 0;
    const out = {
      value: (value: unknown): void => void seen.push(value),
      reject: (error: StreamFlowError, _start: number, _end: number, raw?: Uint8Array): void => {
        seen.push(error.code, error.context?.["bytes"]);
        size = raw?.length ?? -1;
      },
    };
    let rest = Buffer.from('{"a":1}\n{"x":"');
    let most = 0;
    for (let i = 0; i < 100; i++) {
      const bytes = Buffer.concat([rest, chunk]);
      most = Math.max(most, bytes.length);
      rest = bytes.subarray(decoder.decode(bytes, 0, bytes.length, false, out));
    }
    const end = Buffer.concat([rest, Buffer.from('"}\n{"a":2}\n')]);
    decoder.decode(end, 0, end.length, true, out);
    expect(seen).toEqual([{ a: 1 }, "SF_RECORD_TOO_LARGE", 100 * (1 << 20) + 8, { a: 2 }]);
    expect(size).toBe(65_536);
    expect(most).toBeLessThan(4 << 20);
  });

  it("DEC-2: the bound is the same wherever the input is cut, with either line end", () => {
    for (const lineEnd of ["\n", "\r\n"]) {
      for (const length of [19, 20, 21, 22, 40]) {
        const bytes = Buffer.from(`"${"x".repeat(length - 2)}"${lineEnd}"ok"${lineEnd}`);
        const want = [length > 20 ? "!SF_RECORD_TOO_LARGE" : "x".repeat(length - 2), "ok"];
        for (let cut = 0; cut <= bytes.length; cut++) expect(decode(bytes, { cuts: [cut], maxRecordBytes: 20 }).items, `cut at ${cut}`).toEqual(want);
      }
    }
  });
});

it("DEC-5: goes on behind a snapshot, also within a line that is too long", () => {
  const bytes = Buffer.from(`{"a":1}\n"${"x".repeat(300)}"\n{"a":2}\n`);
  for (let cut = 0; cut < bytes.length; cut += 7) {
    const items: unknown[] = [];
    const out = { value: (value: unknown): void => void items.push(value), reject: (error: StreamFlowError): void => void items.push(error.code) };
    const first = ndjson().create({ projection: "all", maxRecordBytes: 100 });
    const used = first.decode(bytes, 0, cut, false, out);
    const second = ndjson().create({ projection: "all", maxRecordBytes: 100 });
    second.restore?.(first.snapshot?.() ?? "");
    second.decode(bytes, used, bytes.length, true, out);
    expect(items).toEqual([{ a: 1 }, "SF_RECORD_TOO_LARGE", { a: 2 }]);
  }
});
