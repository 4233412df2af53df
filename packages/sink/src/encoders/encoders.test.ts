import { coerceJson, coerceText, nullable, StreamFlowError, t, toJson, type DataType, type EncoderFactory } from "@streamflow/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBuffer } from "./byte-buffer.ts";
import { csvEncoder } from "./csv.ts";
import { linesEncoder } from "./lines.ts";
import { ndjsonEncoder } from "./ndjson.ts";

function encode(factory: EncoderFactory, values: readonly unknown[], schema?: DataType): string {
  const encoder = factory.create(schema === undefined ? {} : { schema });
  const out = new ByteBuffer();
  if (encoder.prologue !== undefined) out.bytes(encoder.prologue);
  for (const value of values) encoder.encode(value, out);
  return new TextDecoder("utf-8", { fatal: true }).decode(out.view());
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return StreamFlowError.is(error) ? error.code : String(error);
  }
  return "no failure";
}

interface Typed {
  readonly type: DataType;
  readonly value: fc.Arbitrary<unknown>;
}

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.constantFrom("", '"', "\\", "a,b", "a\r\nb", "\n", " ", "\u2028", "__proto__", "constructor"));
/** Without backslashes: JSON.parse of Node 24 (V8 13.6) takes a name that begins with an escape for "\\" where an object before had that name in its place. */
const name = text.filter((each) => !each.includes("\\") && each !== "__proto__");
const scalars: readonly Typed[] = [
  { type: t.bool(), value: fc.boolean() },
  { type: t.int32(), value: fc.integer() },
  { type: t.int64(), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { type: t.float64(), value: fc.double() },
  { type: t.decimal(10, 2), value: fc.integer().map((n) => (n === 0 ? "0.00" : `${n < 0 ? "-" : ""}${Math.trunc(Math.abs(n) / 100)}.${String(Math.abs(n) % 100).padStart(2, "0")}`)) },
  { type: t.string(), value: text },
  { type: t.bytes(), value: fc.uint8Array({ maxLength: 9 }) },
  { type: t.timestamp(), value: fc.integer({ min: -8.64e15, max: 8.64e15 }) },
];
const nestedTypes = fc.letrec<{ any: Typed }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...scalars),
    tie("any").map(({ type, value }): Typed => ({ type: t.list(type), value: fc.array(value, { maxLength: 3 }) })),
    tie("any").map(({ type, value }): Typed => ({ type: { ...type, nullable: true }, value: fc.option(value) })),
    fc.tuple(fc.constantFrom(t.string(), t.int32(), t.int64()), tie("any")).map(([key, item]): Typed => {
      const keys = key.type === "string" ? name : key.type === "int32" ? fc.integer() : fc.bigInt({ min: -5n, max: 2n ** 62n });
      return { type: t.map(key, item.type), value: fc.uniqueArray(fc.tuple(keys, item.value), { maxLength: 3, selector: ([k]) => k }).map((pairs) => new Map(pairs)) };
    }),
    fc.uniqueArray(fc.tuple(name, tie("any")), { maxLength: 4, selector: ([each]) => each }).map((fields): Typed => ({
      type: { type: "struct", fields: fields.map(([each, { type }]) => ({ name: each, type })) },
      value: fc.tuple(...fields.map(([, { value }]) => value)).map((values) => Object.fromEntries(fields.map(([each], i) => [each, values[i]]))),
    })),
  ),
})).any;
const sample = nestedTypes.chain(({ type, value }) => value.map((made) => ({ type, made })));

describe("ndjson", () => {
  it("ENC-2: coerceJson of the line answers the value again, for every type (property)", () => {
    for (const timestamps of ["iso", "ms"] as const) {
      fc.assert(
        fc.property(sample, ({ type, made }) => {
          const line = encode(ndjsonEncoder({ timestamps }), [made], type);
          expect(line.indexOf("\n")).toBe(line.length - 1);
          expect(coerceJson(JSON.parse(line), type)).toEqual(made);
        }),
        { numRuns: 300 },
      );
    }
  });

  it("writes what toJson says, but for −0, which it keeps (property)", () => {
    const known = sample.filter(({ made }) => !JSON.stringify(toJson(made)).includes("-0"));
    fc.assert(fc.property(known, ({ type, made }) => {
      const value: unknown = JSON.parse(encode(ndjsonEncoder(), [made], type));
      expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(JSON.stringify(toJson(made, type)))));
    }), { numRuns: 200 });
    expect(encode(ndjsonEncoder(), [-0])).toBe("-0\n");
  });

  it("chooses for values that JSON lacks: exact digits, names, base64, pairs", () => {
    const value = { big: 9_007_199_254_740_993n, small: 3n, nan: NaN, inf: -Infinity, bytes: Uint8Array.of(1, 2), map: new Map([[1, "a"]]), named: new Map([["k", null]]), none: undefined, at: new Date(0) };
    expect(encode(ndjsonEncoder(), [value])).toBe('{"big":"9007199254740993","small":3,"nan":"NaN","inf":"-Infinity","bytes":"AQI=","map":[[1,"a"]],"named":{"k":null},"none":null,"at":"1970-01-01T00:00:00.000Z"}\n');
    const schema = t.struct({ at: t.timestamp(), constructor: nullable(t.string()) });
    expect(encode(ndjsonEncoder(), [{ at: 0, more: 1 }], schema)).toBe('{"at":"1970-01-01T00:00:00.000Z","constructor":null,"more":1}\n');
    expect(encode(ndjsonEncoder({ timestamps: "ms" }), [{ at: 5, constructor: "x" }], schema)).toBe('{"at":5,"constructor":"x"}\n');
    expect(encode(ndjsonEncoder(), ["\ud800 lone"])).toBe('"\\ud800 lone"\n');
  });

  it("ENC-1: a value that cannot be encoded throws and appends nothing", () => {
    const encoder = ndjsonEncoder().create({});
    const out = new ByteBuffer();
    let deep: unknown = 1;
    for (let i = 0; i < 1100; i++) deep = [deep];
    for (const bad of [() => 1, { a: 1, b: Symbol("s") }, [new (class Thing {})()], deep]) {
      expect(codeOf(() => encoder.encode(bad, out))).toBe("SF_CODEC_ENCODE");
    }
    expect(out.length).toBe(0);
  });
});

/** RFC 4180 as a reader: cells, and whether each was quoted. */
function parseCsv(source: string, delimiter = ","): readonly (readonly { readonly text: string; readonly isQuoted: boolean }[])[] {
  const rows: { text: string; isQuoted: boolean }[][] = [];
  let at = 0;
  while (at < source.length) {
    const row: { text: string; isQuoted: boolean }[] = [];
    for (;;) {
      let cell = "";
      const isQuoted = source[at] === '"';
      if (isQuoted) {
        for (at++; source[at] !== '"' || source[at + 1] === '"'; at++) {
          if (source[at] === '"') at++;
          cell += source[at];
        }
        at++;
      } else while (at < source.length && source[at] !== delimiter && source[at] !== "\r") cell += source[at++];
      row.push({ text: cell, isQuoted });
      if (source[at] !== delimiter) break;
      at++;
    }
    expect(source.slice(at, at + 2)).toBe("\r\n");
    at += 2;
    rows.push(row);
  }
  return rows;
}

describe("csv", () => {
  it("ENC-2: cells read back equal, for every type and delimiter (property)", () => {
    const fields = fc.array(nestedTypes, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fields.chain((types) => fc.tuple(fc.constant(types), fc.tuple(...types.map(({ value }) => value)), fc.constantFrom(",", ";", "\t", "|", "^", "]", "-", "\\"))), ([types, values, delimiter]) => {
        // `any` of JSON text and null of nullable nested types have one text only.
        const schema: DataType = { type: "struct", fields: types.map(({ type }, i) => ({ name: `f${i}`, type })) };
        const record = Object.fromEntries(values.map((value, i) => [`f${i}`, value]));
        // Null text alone in its line is refused: the next test.
        fc.pre(values.length > 1 || values[0] !== null);
        const [names, cells] = parseCsv(encode(csvEncoder({ delimiter }), [record], schema), delimiter);
        expect(names?.map((cell) => cell.text)).toEqual(types.map((_, i) => `f${i}`));
        const read = cells?.map(({ text: cell, isQuoted }, i) => {
          const type = types[i]?.type ?? t.any();
          // What an empty cell is: null, or where it is quoted, text without characters.
          const isEmptyText = cell === "" && isQuoted && (type.type === "string" || type.type === "bytes");
          return isEmptyText && values[i] !== null ? coerceJson("", type) : coerceText(cell, type);
        });
        expect(read).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });

  it("tells null from the empty string, and never writes a blank line", () => {
    const schema = t.struct({ a: nullable(t.string()), b: t.string() });
    expect(encode(csvEncoder(), [{ a: null, b: "" }, { a: "", b: 'x"y' }], schema)).toBe('a,b\r\n,\r\n"","x""y"\r\n');
    expect(encode(csvEncoder({ header: false }), [{ a: null }], t.struct({ a: nullable(t.int32()) }))).toBe('""\r\n');
    for (const type of [t.string(), t.bytes()]) {
      const only = t.struct({ a: nullable(type) });
      expect(codeOf(() => encode(csvEncoder(), [{ a: null }], only))).toBe("SF_CODEC_ENCODE");
      expect(codeOf(() => encode(csvEncoder(), [{}], only))).toBe("SF_CODEC_ENCODE");
    }
    expect(encode(csvEncoder({ header: false }), [{ a: "" }, { a: "\ufeffx" }], t.struct({ a: nullable(t.string()) }))).toBe('""\r\n"\ufeffx"\r\n');
  });

  it("takes columns instead of a schema, and leaves out other fields", () => {
    expect(encode(csvEncoder({ columns: ["b", "toString"] }), [{ a: 1, b: [1, "x"] }])).toBe('b,toString\r\n"[1,""x""]",\r\n');
  });

  it("refuses what cannot work", () => {
    expect(codeOf(() => csvEncoder({ delimiter: "::" }))).toBe("SF_CONFIG_INVALID");
    expect(codeOf(() => csvEncoder().create({}))).toBe("SF_CONFIG_INVALID");
    expect(codeOf(() => csvEncoder({ columns: ["x"] }).create({ schema: t.struct({ a: t.int32() }) }))).toBe("SF_CONFIG_INVALID");
    expect(codeOf(() => encode(csvEncoder({ columns: ["x"] }), [5]))).toBe("SF_CODEC_ENCODE");
  });
});

describe("lines", () => {
  it("writes strings, or a field of the record, one a line", () => {
    expect(encode(linesEncoder(), ["a", "", "ü"])).toBe("a\n\nü\n");
    expect(encode(linesEncoder({ field: "m" }), [{ m: "a" }])).toBe("a\n");
  });

  it("refuses what would not be read back as one line", () => {
    for (const bad of ["a\nb", "a\r", 5, null]) expect(codeOf(() => encode(linesEncoder(), [bad]))).toBe("SF_CODEC_ENCODE");
    expect(codeOf(() => encode(linesEncoder({ field: "toString" }), [{}]))).toBe("SF_CODEC_ENCODE");
  });
});

describe("ByteBuffer", () => {
  it("holds texts and bytes in order, however they are mixed (property)", () => {
    const part = fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array({ max: 127 }), fc.constant("x".repeat(70_000)));
    fc.assert(fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const out = new ByteBuffer();
      for (const each of parts) {
        if (typeof each === "string") out.text(each);
        else out.bytes(each);
      }
      const expected = Buffer.concat(parts.map((each) => Buffer.from(each as string)));
      expect(out.leastLength).toBeLessThanOrEqual(expected.length);
      expect(out.length).toBe(expected.length);
      expect(Buffer.from(out.view()).equals(expected)).toBe(true);
    }), { numRuns: 50 });
  });
});

it("encodes quickly", () => {
  const schema = t.struct({ carrier: t.string(), number: t.int32(), delay: t.float64(), at: t.timestamp(), note: nullable(t.string()) });
  const values = Array.from({ length: 200_000 }, (_, i) => ({ carrier: `C${i % 20}`, number: i, delay: i / 2, at: 1_700_000_000_000 + i, note: `note ${i}` }));
  for (const [name, factory] of [["ndjson", ndjsonEncoder({ timestamps: "ms" })], ["ndjson iso", ndjsonEncoder()], ["csv", csvEncoder({ timestamps: "ms" })]] as const) {
    const startMs = performance.now();
    const size = encode(factory, values, schema).length;
    const ms = performance.now() - startMs;
    expect(size).toBeGreaterThan(values.length * 20);
    if (process.env["STREAMFLOW_BENCH"] !== undefined) process.stdout.write(`${name}: ${Math.round(values.length / ms)} k records/s, ${Math.round(size / ms / 1000)} MB/s\n`);
  }
});
