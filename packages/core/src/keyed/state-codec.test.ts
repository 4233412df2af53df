import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StateReader, StateWriter } from "./state-codec.ts";

function written(...values: readonly unknown[]): Uint8Array {
  const out = new StateWriter();
  for (const value of values) out.value(value);
  return out.finish();
}

const corrupt = expect.objectContaining({ code: "SF_STATE_CORRUPT" });
const key = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", ""));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, undefined, true, false, NaN, -0, 0, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, "", "\ud800", "\udc00x"),
    fc.double(), fc.integer(), fc.bigInt(), fc.string({ unit: "binary" }), fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
  ),
}));

describe("a value", () => {
  it("comes back exactly: the kind, the sign of zero, lone surrogates, the order of names", () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), (values) => {
        const from = new StateReader(written(...values));
        for (const one of values) {
          const back = from.value();
          expect(isDeepStrictEqual(back, one)).toBe(true);
          if (typeof one === "object" && one !== null && !Array.isArray(one)) expect(Object.keys(back as object)).toEqual(Object.keys(one));
        }
        expect(from.atEnd).toBe(true);
      }),
    );
  });

  it("does not refer to the stored bytes", () => {
    const bytes = written(Uint8Array.of(1, 2, 3));
    const back = new StateReader(bytes).value();
    bytes.fill(9);
    expect(back).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("a name such as __proto__ sets no prototype", () => {
    const back = new StateReader(written(JSON.parse('{"__proto__":{"x":1}}'))).value() as object;
    expect([Object.getPrototypeOf(back), Object.keys(back)]).toEqual([Object.prototype, ["__proto__"]]);
  });

  it("the form is fixed: stored state depends on it", () => {
    const hex = Buffer.from(written(1, -0, "é", [true, null], { a: 1n }, new Map([["k", Uint8Array.of(255)]]))).toString("hex");
    expect(hex).toBe(form);
  });
});

describe("SF_CODEC_ENCODE: what is no plain data", () => {
  it.each([["a function", () => 1], ["a symbol", Symbol("s")], ["a Date", new Date(0)], ["a class instance", new (class Price {})()], ["a Set", new Set([1])]])("%s", (_, odd) => {
    expect(() => written({ deep: [odd] })).toThrow(expect.objectContaining({ code: "SF_CODEC_ENCODE" }));
  });

  it("what is nested too deep, or holds itself", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => written(circle)).toThrow(expect.objectContaining({ code: "SF_CODEC_ENCODE" }));
  });
});

describe("SF_STATE_CORRUPT", () => {
  it("bytes that are cut anywhere", () => {
    const bytes = written({ list: [1, "text", 2.5, 10n, new Map([[1, 2]])], bytes: Uint8Array.of(1, 2) });
    for (let length = 0; length < bytes.length; length++) expect(() => new StateReader(bytes.subarray(0, length)).value()).toThrow(corrupt);
  });

  it("an unknown tag, and another kind than was expected", () => {
    expect(() => new StateReader(Uint8Array.of(200)).value()).toThrow(corrupt);
    expect(() => new StateReader(written("text")).number()).toThrow(corrupt);
  });

  it("whatever the bytes are: a value or this error, and no other", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          new StateReader(bytes).value();
        } catch (error) {
          expect(error).toEqual(corrupt);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

it("frames can be skipped, or read by themselves", () => {
  const out = new StateWriter();
  const start = out.beginFrame();
  out.value("inside");
  out.endFrame(start);
  out.value("behind");
  const from = new StateReader(out.finish());
  const frame = from.frame();
  expect([from.value(), frame.value(), frame.atEnd, from.atEnd]).toEqual(["behind", "inside", true, true]);
});

const form = "0401000000030000000000000080050002000000c3a9070200000002000801000000050001000000610a00010000003109010000000500010000006b0601000000ff";
