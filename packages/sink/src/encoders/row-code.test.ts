// The generated writers and the closures write one text, whatever the values: the closures' own tests say which.
import { type Column, type DataType, type Encoder, type EncoderFactory, nullable, type SinkBatch, StreamFlowError, t } from "@streamflow/core";
import { forbidCodeGeneration, textColumn } from "@streamflow/core/testing";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { ByteBuffer } from "./byte-buffer.ts";
import { sinkBatch } from "../sink-batch.ts";
import { csvEncoder } from "./csv.ts";
import { encodeBatch } from "./encode-batch.ts";
import { ndjsonEncoder } from "./ndjson.ts";
import { isUsualInstant, writeInstant, writeNumber, writeWhole } from "./write-number.ts";
import { writeJsonText } from "./write-text.ts";

afterEach(() => forbidCodeGeneration(false));

function written(write: (out: ByteBuffer) => number): string {
  const out = new ByteBuffer();
  out.reserve(64);
  out.at = write(out);
  return Buffer.from(out.view()).toString("utf8");
}

const numbers = fc.oneof(
  fc.integer(), fc.maxSafeInteger(), fc.double(), fc.integer().map((n) => n / 100), fc.maxSafeInteger().map((n) => n / 1000), fc.nat({ max: 99_999 }).map((n) => n / 1000), fc.double({ min: 0, max: 1e-3 }),
  fc.constantFrom(0, -0, 1e21, 1e15, 1e15 - 1, 999_999_999_999_999.9, 2 ** 53, -(2 ** 31), 2 ** 31, 0.1 + 0.2, 1e-7, 5e-324, 9_999, 10_000, 99_999_999, 100_000_000, 0.001, 1.005),
);
const hostile = ["", '"', "\\", "\n", "\r\n", "\u0000", "\u001f", "\u007f", "\u0080", "é", "\u2028", "\ud800", "\udc00 x", "\ud83d\ude00", "\ufeff", "__proto__", ",", "a,b", "'", "x".repeat(23), "x".repeat(25), `${"x".repeat(60)}"`, `${"y".repeat(41)}\ud800`, "é".repeat(40), `${"z".repeat(31)}\u0001`, "a".repeat(70_000)];
const texts = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.string({ maxLength: 40 }), fc.constantFrom(...hostile));

it("writes numbers as String does, but for -0, and strings as JSON.stringify does (property)", () => {
  fc.assert(fc.property(numbers.filter(Number.isFinite), (n) => {
    expect(written((out) => writeNumber(out.data, 0, n))).toBe(Object.is(n, -0) ? "-0" : String(n));
    if (Number.isSafeInteger(n) && n >= 0) expect(written((out) => writeWhole(out.data, 0, n + 0))).toBe(String(n));
  }), { numRuns: 3_000 });
  fc.assert(fc.property(texts, (text) => void expect(written((out) => writeJsonText(out, 0, text, 64))).toBe(JSON.stringify(text))), { numRuns: 2_000 });
});

it("writes instants as Date does (property)", () => {
  expect([-1, 1.5, NaN, 253_402_300_800_000, "0", 0n].some(isUsualInstant)).toBe(false);
  fc.assert(fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => void expect(written((out) => writeInstant(out.data, 0, ms))).toBe(new Date(ms).toISOString())), { numRuns: 2_000, examples: [[0], [253_402_300_799_999], [86_399_999], [951_782_400_000]] });
});

it("instants of a few days in turns, also of days that share a place among those known, are written as they are", () => {
  const instants = [0, 16, 0, 1, 0, 16, 32, 1, 17, 16_632, 16_633, 16_632, 16_648].map((day, i) => day * 86_400_000 + i);
  expect(instants.map((ms) => written((out) => writeInstant(out.data, 0, ms)))).toEqual(instants.map((ms) => new Date(ms).toISOString()));
});

class Thing {
  readonly a = 1;
}

const anything = fc.oneof(
  { weight: 4, arbitrary: numbers }, { weight: 4, arbitrary: texts },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(null, undefined, true, false, NaN, Infinity, -Infinity, 5n, 2n ** 70n, new Date(5), Uint8Array.of(1, 2), new Map([["k", 1]]), [1, ["x"]], { deep: { er: "x" } }, { toJSON: 1 }, Object.create(null), 8.64e15, -1) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(() => 1, Symbol("s"), new Thing(), { toJSON: () => 1 }, 8.7e15) },
);
const names = ["a", "b", "at", "toString", "constructor", 'q"uote', "é", "long name that is no multiple of four"];
const usual = (name: string): fc.Arbitrary<unknown> => fc.oneof({ weight: 6, arbitrary: name === "at" ? fc.integer({ min: 0, max: 2e12 }) : numbers }, { weight: 2, arbitrary: anything });
const rows = fc.array(fc.subarray(names).chain((chosen) => fc.array(fc.record(Object.fromEntries(chosen.map((name) => [name, usual(name)]))), { minLength: 1, maxLength: 6 })), { maxLength: 6 }).map((groups) => groups.flat());
const odd = fc.constantFrom<unknown>(5, null, undefined, "text", [], new Map(), new Thing(), JSON.parse('{"__proto__":{"x":1},"a":2}'), Object.assign(Object.create(null), { a: 1 }), Object.create({ a: 1 }), Object.defineProperty({ b: 1 }, "a", { value: 7 }), {}, { get a() { return 1; } });
const schema: DataType = t.struct({ at: t.timestamp(), a: t.int32(), b: nullable(t.string()), constructor: nullable(t.float64()) });
const factories: readonly (readonly [EncoderFactory, DataType | undefined])[] = [
  [ndjsonEncoder(), undefined], [ndjsonEncoder(), schema], [ndjsonEncoder({ timestamps: "ms" }), schema],
  [csvEncoder(), schema], [csvEncoder({ delimiter: "|", timestamps: "ms" }), schema], [csvEncoder({ columns: ["b", "toString", "a"] }), undefined], [csvEncoder({ delimiter: "1" }), schema], [csvEncoder({ columns: ["a"] }), schema],
];

/** What each record adds, or the failure that it causes. */
function linesOf([factory, type]: readonly [EncoderFactory, DataType | undefined], values: readonly unknown[], isForbidden: boolean): readonly string[] {
  forbidCodeGeneration(isForbidden);
  const encoder: Encoder = factory.create(type === undefined ? {} : { schema: type });
  const out = new ByteBuffer();
  let at = 0;
  return values.map((value) => {
    let failure = "";
    try {
      encoder.encode(value, out);
    } catch (thrown) {
      failure = StreamFlowError.is(thrown) ? thrown.message : String(thrown);
    }
    const line = Buffer.from(out.view().subarray(at)).toString("latin1");
    at = out.length;
    return failure + line;
  });
}

it("records of any shape, in any order of shapes, give the same lines and failures with and without generated code (property)", { timeout: 60_000 }, () => {
  fc.assert(fc.property(rows, fc.array(odd, { maxLength: 4 }), fc.constantFrom(...factories), (records, others, factory) => {
    // Often enough that each shape gets its function.
    const values = Array.from({ length: 70 }, () => [...records, ...others]).flat();
    expect(linesOf(factory, values, false)).toEqual(linesOf(factory, values, true));
  }), { numRuns: 250 });
});

/** Columns of the records: numbers where all are, one with gaps, some of texts that are still bytes. */
function columnsOf(names_: readonly string[], records: readonly Readonly<Record<string, unknown>>[]): readonly Column[] {
  return names_.map((name, at) => {
    const values = records.map((record) => record[name]);
    if (at % 3 === 2) return textColumn(name, values);
    if (at === 1) return { name, values, valid: Uint8Array.from(values, (value) => (value === null ? 0 : 1)) };
    return { name, values: values.every((value) => typeof value === "number") ? Float64Array.from(values) : values };
  });
}

it("ENC-3: columns give the lines and failures of their records (property)", { timeout: 60_000 }, () => {
  const batch = fc.subarray(names, { minLength: 1 }).chain((chosen) => fc.array(fc.record(Object.fromEntries(chosen.map((name) => [name, usual(name)]))), { maxLength: 12 }).map((records) => ({ chosen, records })));
  fc.assert(fc.property(batch, fc.constantFrom(...factories), ({ chosen, records }, [factory, type]) => {
    const encodeAll = (isForbidden: boolean): unknown => {
      forbidCodeGeneration(isForbidden);
      const encoder = factory.create(type === undefined ? {} : { schema: type });
      const out = new ByteBuffer();
      out.text("before");
      const batch_: SinkBatch = { ...sinkBatch(records), ...(isForbidden ? {} : { columns: columnsOf(chosen, records) }) };
      const failures = encodeBatch(encoder, batch_, out).map(({ index, error }) => ({ index, message: error.message }));
      return { failures, text: Buffer.from(out.view()).toString("latin1") };
    };
    expect(encodeAll(false)).toEqual(encodeAll(true));
  }), { numRuns: 600 });
});

it("writes a record that the buffer has no room for, behind those that are there", () => {
  const values = Array.from({ length: 3_000 }, (_, i) => ({ a: i, b: i % 500 === 7 ? "\n".repeat(50_000) : "x" }));
  expect(linesOf(factories[0]!, values, false)).toEqual(values.map((value) => `${JSON.stringify(value)}\n`));
});
