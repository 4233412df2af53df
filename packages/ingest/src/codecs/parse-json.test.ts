import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeValue } from "./fuzz/describe-value.fixture.ts";
import { hasEscapedName, parseJson, parseJsonNumbers } from "./parse-json.ts";

const character = fc.constantFrom("n", "a", "\\", "\n", '"', "/", "1", "é", "😀", "\u0000", "\ud800", " ", ":", "u0041");
const word = fc.oneof(fc.array(character, { maxLength: 4 }).map((parts) => parts.join("")), fc.constantFrom("__proto__", "n\\", "n\n", "1", "constructor"));
const { value } = fc.letrec<{ value: unknown; list: unknown; object: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: "small" }, fc.constantFrom(null, true, false, 0, -0, 12.5, 1e300, 2 ** 70), word, tie("list"), tie("object")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  object: fc.array(fc.tuple(word, tie("value")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
}));

/** A text of the value: `draw` decides, for each character, whether it is written as an escape that need not be one, and where spaces are. */
function write(given: unknown, draw: () => number): string {
  const space = (): string => ["", "", "", " ", "\t", "\r\n"][draw() % 6] ?? "";
  const text = (inner: string): string => `"${[...Array(inner.length).keys()].map((i) => escaped(inner.slice(i, i + 1), draw())).join("")}"`;
  const written = (inner: unknown): string => {
    if (Array.isArray(inner)) return `[${space()}${inner.map((item) => written(item)).join(`${space()},${space()}`)}${space()}]`;
    if (typeof inner === "object" && inner !== null) return `{${space()}${Object.entries(inner).map(([name, item]) => `${text(name)}${space()}:${space()}${written(item)}`).join(`,${space()}`)}${space()}}`;
    return typeof inner === "string" ? text(inner) : Object.is(inner, -0) ? "-0" : JSON.stringify(inner);
  };
  return `${space()}${written(given)}${space()}`;
}

function escaped(unit: string, draw: number): string {
  if (draw % 4 === 0) return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  if (unit === "/" && draw % 4 === 1) return "\\/";
  return JSON.stringify(unit).slice(1, -1);
}

function accepts(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

const draws = fc.infiniteStream(fc.nat(1000)).map((stream) => () => stream.next().value as number);

describe("parseJson", () => {
  it("a name with an escape is never taken for one that holds a backslash, whatever was parsed before", () => {
    JSON.parse('{"first of all":1,"odd\\\\":1}');
    // The defect; where it is gone, parse-json.ts may go too.
    expect(Object.keys(JSON.parse('{"first of all":1,"odd\\n":2}') as object)).toEqual(["first of all", "odd\\"]);
    expect(parseJson('{"first of all":1,"odd\\n":2}')).toEqual({ "first of all": 1, "odd\n": 2 });
    expect(parseJson('[{"first of all":1,"odd\\n":{"odd\\n":3}}]')).toEqual([{ "first of all": 1, "odd\n": { "odd\n": 3 } }]);
  });

  it("reads back every value, however it is written", () => {
    fc.assert(fc.property(value, draws, (given, draw) => {
      const text = write(given, draw);
      expect(describeValue(parseJson(text)), text).toBe(describeValue(given));
    }), { numRuns: 2000 });
  });

  it("takes and refuses the texts that JSON.parse takes and refuses", () => {
    const change = fc.record({ at: fc.nat(60), remove: fc.nat(2), text: fc.constantFrom("", '"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", "\u0001", "x", " ", "null") });
    fc.assert(fc.property(value, draws, fc.array(change, { maxLength: 2 }), (given, draw, changes) => {
      let text = `{"\\n":${write(given, draw)}}`;
      for (const { at, remove, text: put } of changes) text = text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + remove);
      expect(accepts(parseJson, text), text).toBe(accepts(JSON.parse, text));
    }), { numRuns: 4000 });
  });

  it("the last of doubled names counts, in the place of the first; __proto__ is a field", () => {
    expect(JSON.stringify(parseJson('{"a":1,"b":2,"\\u0061":3,"2":4,"\\u0031":5}'))).toBe('{"1":5,"2":4,"a":3,"b":2}');
    const made = parseJson('{"\\u005f_proto__":{"x":1}}') as object;
    expect(Object.hasOwn(made, "__proto__")).toBe(true);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  it("nesting of any depth costs no stack", () => {
    const depth = 200_000;
    let inner = parseJson(`{"\\n":${"[".repeat(depth)}7${"]".repeat(depth)}}`) as unknown;
    inner = (inner as Record<string, unknown>)["\n"];
    for (let i = 0; i < depth; i++) inner = (inner as unknown[])[0];
    expect(inner).toBe(7);
  });

  it("says what is wrong as JSON.parse does", () => {
    expect(() => parseJson('{"\\n":1,}')).toThrow(SyntaxError);
    expect(() => parseJson('{"a":"unclosed\\')).toThrow(SyntaxError);
  });
});

describe("parseJsonNumbers", () => {
  it("hands over every number with its text, with or without escapes in names", () => {
    const keep = (number: number, text: string): string => `${number}<${text}>`;
    for (const name of ["a", "\\n"]) {
      const read = parseJsonNumbers(`{"${name}":[12345678901234567890,-0.50,1E+2,"7",true],"b":1e400}`, keep) as Record<string, unknown>;
      expect(Object.values(read)).toEqual([["12345678901234567000<12345678901234567890>", "-0.5<-0.50>", "100<1E+2>", "7", true], "Infinity<1e400>"]);
    }
  });
});

it("hasEscapedName tells escapes in names from those in values", () => {
  expect(['{"a\\n":1}', '{"a":{"\\\\" \t:1}}', '[{"x":"\\"","\\"y":1}]'].map(hasEscapedName)).toEqual([true, true, true]);
  expect(['{"a":1}', '{"a":"\\n"}', '["\\":",1]', '{"a":"\\"unclosed'].map(hasEscapedName)).toEqual([false, false, false, false]);
});
