// What an encoder of @streamflow/sink writes, the decoder of that name in @streamflow/ingest reads back equal: ENC-2 on the wire.
import { type DataType, type DecodeOutput, type DecoderFactory, type EncoderFactory, type Schema, t } from "@streamflow/core";
import { csv, lines, ndjson } from "@streamflow/ingest";
import { ByteBuffer, csvEncoder, linesEncoder, ndjsonEncoder } from "@streamflow/sink";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** The bytes of records, as a sink writes them to a file. */
function encode(factory: EncoderFactory, records: readonly unknown[], schema?: Schema): Uint8Array {
  const encoder = factory.create(schema === undefined ? {} : { schema });
  const out = new ByteBuffer();
  if (encoder.prologue !== undefined) out.bytes(encoder.prologue);
  for (const record of records) encoder.encode(record, out);
  return out.view();
}

/** The records of bytes that come in pieces of a size. */
function decode(factory: DecoderFactory, bytes: Uint8Array, { schema, pieceBytes }: { readonly schema?: Schema; readonly pieceBytes: number }): readonly unknown[] {
  const decoder = factory.create({ projection: "all", maxRecordBytes: 1 << 20, ...(schema === undefined ? {} : { schema }) });
  const values: unknown[] = [];
  const out: DecodeOutput = { value: (value) => void values.push(value), reject: (error) => expect.fail(error.message) };
  let from = 0;
  for (let to = 0; to < bytes.length; ) {
    to = Math.min(bytes.length, to + pieceBytes);
    from = decoder.decode(bytes, from, to, false, out);
  }
  decoder.decode(bytes, from, bytes.length, true, out);
  return values;
}

interface Typed {
  readonly type: DataType;
  readonly value: fc.Arbitrary<unknown>;
}

const text = fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.string({ unit: "binary", maxLength: 5 }).map((s) => s.toWellFormed()), fc.constantFrom("", '"', '""', "\\", "a,b", "a\r\nb", "\r", "\n", " ", "\ufeff", "\u0000", "\u2028", "null", "__proto__", "constructor"));
/** Without backslashes: JSON.parse of V8 13.6 takes a name that begins with an escape for "\\" where an object before had that name in its place. */
const name = text.filter((each) => !each.includes("\\") && each !== "__proto__");
const date = fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constantFrom(0, -1, Date.UTC(9999, 11, 31), Date.UTC(2024, 1, 29)));
const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n));
const units = fc.integer().map((n) => (n === 0 ? "0.00" : `${n < 0 ? "-" : ""}${Math.trunc(Math.abs(n) / 100)}.${String(Math.abs(n) % 100).padStart(2, "0")}`));
const scalars: readonly Typed[] = [
  { type: t.bool(), value: fc.boolean() },
  { type: t.int32(), value: fc.integer() },
  { type: t.int64(), value: int64 },
  { type: t.float64(), value: fc.double() },
  { type: t.decimal(10, 2), value: units },
  { type: t.string(), value: text },
  { type: t.bytes(), value: fc.uint8Array({ maxLength: 9 }) },
  { type: t.timestamp(), value: date },
];

const types = fc.letrec<{ any: Typed; struct: Typed }>((tie) => ({
  struct: fc.uniqueArray(fc.tuple(name, tie("any")), { minLength: 1, maxLength: 4, selector: ([each]) => each }).map((fields): Typed => ({
    type: { type: "struct", fields: fields.map(([each, { type }]) => ({ name: each, type })) },
    value: fc.tuple(...fields.map(([, { value }]) => value)).map((values) => Object.fromEntries(fields.map(([each], i) => [each, values[i]]))),
  })),
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...scalars),
    tie("any").map(({ type, value }): Typed => ({ type: { ...type, nullable: true }, value: fc.option(value) })),
    tie("any").map(({ type, value }): Typed => ({ type: t.list(type), value: fc.array(value, { maxLength: 3 }) })),
    fc.tuple(fc.constantFrom<Typed>({ type: t.string(), value: name }, { type: t.int32(), value: fc.integer() }, { type: t.int64(), value: int64 }), tie("any")).map(([key, item]): Typed => ({
      type: { type: "map", key: key.type, value: item.type },
      value: fc.uniqueArray(fc.tuple(key.value, item.value), { maxLength: 3, selector: ([k]) => k }).map((pairs) => new Map(pairs)),
    })),
    tie("struct"),
  ),
}));

/** Records of one type, and how many bytes of them are read at a time. */
const sample = (of: fc.Arbitrary<Typed>) => of.chain(({ type, value }) => fc.record({ type: fc.constant(type), records: fc.array(value, { maxLength: 5 }), pieceBytes: fc.constantFrom(1, 7, 1_000_000) }));

describe("ndjson", () => {
  it("every type, with either form of timestamps (property)", () => {
    fc.assert(fc.property(sample(types.any), fc.constantFrom("iso" as const, "ms" as const), ({ type: schema, records, pieceBytes }, timestamps) => {
      expect(decode(ndjson(), encode(ndjsonEncoder({ timestamps }), records, schema), { schema, pieceBytes })).toEqual(records);
    }), { numRuns: 500 });
  });

  it("JSON values without a schema (property)", () => {
    fc.assert(fc.property(fc.array(fc.jsonValue().filter((value) => !JSON.stringify(value).includes("\\")), { maxLength: 5 }), (records) => {
      expect(decode(ndjson(), encode(ndjsonEncoder(), records), { pieceBytes: 5 })).toEqual(records);
    }), { numRuns: 300 });
  });
});

describe("csv", () => {
  it("every type, delimiter and kind of header (property)", () => {
    // A null that is the whole line is refused: see the encoder's test.
    const isText = (type: DataType | undefined): boolean => type?.nullable === true && (type.type === "string" || type.type === "bytes");
    const table = types.struct.filter(({ type }) => type.type === "struct" && !(type.fields.length === 1 && isText(type.fields[0]?.type)));
    fc.assert(fc.property(sample(table), fc.constantFrom(",", ";", "\t", "|", "^", "]", "-", "\\"), fc.boolean(), ({ type: schema, records, pieceBytes }, delimiter, header) => {
      const bytes = encode(csvEncoder({ delimiter, header }), records, schema);
      expect(decode(csv({ delimiter, header }), bytes, { schema, pieceBytes })).toEqual(records);
    }), { numRuns: 500 });
  });

  it("some columns, without a schema, are text (property)", () => {
    fc.assert(fc.property(fc.array(fc.record({ a: text, b: text, c: text }), { maxLength: 5 }), (records) => {
      const read = decode(csv(), encode(csvEncoder({ columns: ["c", "a"] }), records), { pieceBytes: 3 });
      expect(read).toEqual(records.map(({ a, c }) => ({ c, a })));
    }), { numRuns: 200 });
  });
});

describe("lines", () => {
  it("every text that is one line and does not look like the mark of a file (property)", () => {
    const oneLine = text.filter((each) => !/\n|\r$|^\ufeff/.test(each));
    fc.assert(fc.property(fc.array(oneLine, { maxLength: 6 }), fc.constantFrom(1, 4, 1_000), (records, pieceBytes) => {
      expect(decode(lines(), encode(linesEncoder(), records), { pieceBytes })).toEqual(records);
    }), { numRuns: 300 });
  });
});
