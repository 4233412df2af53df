import fc from "fast-check";
import { expect, it } from "vitest";
import { coerceJson, coerceText } from "./coerce.ts";
import { conform } from "./conform.ts";
import { nullable, t } from "./constructors.ts";
import { toJson } from "./to-json.ts";

const order = t.struct({ id: t.int64(), items: t.list(t.struct({ price: t.decimal(8, 2), note: nullable(t.string()) })), at: t.timestamp() });
const good = { id: 1n, items: [{ price: "1.50", note: null }, { price: "2.00" }], at: 0 };
const mismatch = (message: string): unknown => expect.objectContaining({ code: "SF_TYPE_MISMATCH", message: expect.stringContaining(message) as string });

it("takes a value of the type, a nullable field missing", () => {
  expect(conform(good, order)).toBe(good);
});

it.each([
  [{ ...good, id: 1 }, '"id" is 1, expected int64'],
  [{ ...good, items: [{ price: "1.5" }] }, '"items[0].price" is "1.5", expected decimal(8, 2)'],
  [{ ...good, items: [good.items[0], { note: "x" }] }, '"items[1].price" is nothing, expected decimal(8, 2), which is not nullable'],
  [{ ...good, extra: 1 }, '"extra" is 1, expected {'],
  [null, "the value is null, expected {"],
  [[], "the value is a list, expected {"],
  [new Map(), "the value is a Map"],
])("refuses %o: %s", (value, message) => {
  expect(() => conform(value, order)).toThrow(mismatch(message));
});

it("looks at own properties only", () => {
  expect(() => conform(Object.assign(Object.create({ a: 1 }) as object, {}), t.struct({ a: t.int32() }))).toThrow(mismatch("the value is an object"));
  expect(() => conform({}, t.struct({ toString: t.string() }))).toThrow(mismatch('"toString" is nothing'));
  expect(() => coerceJson({}, t.struct({ constructor: t.string() }))).toThrow(mismatch('"constructor" is nothing'));
});

it("keeps a field named __proto__ a field", () => {
  const type = { type: "struct", fields: [{ name: "__proto__", type: t.string() }] } as const;
  const made = coerceJson(JSON.parse('{"__proto__": "x"}'), type) as object;
  expect(Object.keys(made)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  expect(JSON.stringify(toJson(made, type))).toBe('{"__proto__":"x"}');
});

it("names the path of what cannot be coerced", () => {
  expect(() => coerceJson({ id: "1", items: [{ price: 1.505 }], at: 0 }, order)).toThrow(mismatch('"items[0].price" is 1.505, expected decimal(8, 2)'));
  expect(() => coerceJson({ id: 2 ** 60, items: [], at: 0 }, order)).toThrow(mismatch("beyond ±2^53 is not exact"));
  expect(() => coerceText("{", order)).toThrow(mismatch("it is not JSON"));
  expect(() => coerceText("", t.int32())).toThrow(mismatch('the value is "", expected int32'));
});

it("refuses values nested without end instead of overflowing the stack", () => {
  const anyList: { type: "list"; element: never } = { type: "list", element: undefined as never };
  (anyList as { element: unknown }).element = anyList;
  const loop: unknown[] = [];
  loop.push(loop);
  expect(() => conform(loop, anyList)).toThrow(mismatch("nested deeper than 1000"));
  expect(() => coerceJson(loop, anyList)).toThrow(mismatch("nested deeper than 1000"));
  expect(() => toJson(loop)).toThrow(expect.objectContaining({ code: "SF_CODEC_ENCODE" }));
});

it.each([["a function", () => 1], ["a symbol", Symbol("s")], ["an instance", new (class Point {})()]])("has no JSON for %s", (_, value) => {
  expect(() => toJson(value)).toThrow(expect.objectContaining({ code: "SF_CODEC_ENCODE" }));
});

it("reads back from JSON, by way of text, every value of a type", () => {
  const type = t.struct({
    i: t.int32(), l: t.int64(), f: t.float64(), d: t.decimal(20, 4), s: t.string(), b: t.bytes(), t: t.timestamp(), o: t.bool(),
    n: nullable(t.int64()), m: t.map(t.int64(), t.list(t.float64())), x: nullable(t.struct({ y: t.map(t.string(), t.bool()) })),
  });
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const value = fc.record({
    // JSON has no -0: it is the one float64 that comes back as its equal.
    i: fc.integer(), l: int64, f: fc.double().map((n) => n + 0), d: fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }).map((n) => coerceJson(`${n}e-4`, t.decimal(20, 4)) as string),
    s: fc.string({ unit: "binary" }), b: fc.uint8Array(), t: fc.integer(), o: fc.boolean(), n: fc.option(int64),
    m: fc.array(fc.tuple(int64, fc.array(fc.double().map((n) => n + 0)))).map((pairs) => new Map(pairs)),
    x: fc.option(fc.record({ y: fc.dictionary(fc.string(), fc.boolean()).map((o) => new Map(Object.entries(o))) })),
  }, { noNullPrototype: true });
  fc.assert(fc.property(value, (v) => {
    expect(conform(v, type)).toBe(v);
    expect(coerceJson(JSON.parse(JSON.stringify(toJson(v, type))), type)).toEqual(v);
  }), { numRuns: 300 });
});
