// Streams of JSON lines as nobody wishes them, for tests that compare decoders with JSON.parse.
import fc from "fast-check";

const names = ["auction", "price", "channel", "a", "b", "ab", "x y", 'q"q', "b\ts", "日", "ключ", "", "1", "__proto__", "constructor", "toString", "n\n", "n\\"];
const oddNumbers = ["-0", "-1", "0.5", "1.0", "1e3", "1E+2", "10e-1", "00", "01", "0123", "-01", "12345678901234567890", "9007199254740993", "999999999999999", "1000000000000000", "0.1234567890123456789", "-", "+1", ".5", "5.", "1e", "1e+", "0x10", "NaN", "Infinity", "1e400", "-12345", "2147483648", "-2147483649", "123.456", "0.000001", "4.35", "1.005", "123456789012.345", "1234567890123.4567", ""];
const oddStrings = ['"\\n"', '"\\""', '"\\\\"', '"\\u0041"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\x"', '"\t"', '"\u0000"', '"\u001f"', '"unclosed', '"a"b"', "'single'", '"\u007f"', '"é€日😀\u2028"'];
const oddValues = ["true", "false", "null", "tru", "nul", "True", "{}", "[]", "{ }", "[1,2", "[1,]", "{,}", '{"k":1,"k":2}', '{"__proto__":{"x":1}}', "[[[[]]]]", '{"a":{"b":{"c":[1,{"d":null}]}}}', "[1, 2 ,3]", "undefined", "1 2", "[1 2]", '{"a" 1}', '{"a":1 "b":2}'];

/** Texts that stand where a value should. */
export const oddTexts: readonly string[] = [...oddNumbers, ...oddStrings, ...oddValues];

const plainString = fc.string({ unit: fc.constantFrom("a", "b", "z", "A", "0", " ", "!", "#", "~", "é", "日", "😀", "{", "}", ":", ",", "[", "]"), maxLength: 24 }).map((text) => `"${text}"`);
const plainInteger = fc.oneof(fc.nat(9999).map(String), fc.bigInt({ min: 0n, max: 999_999_999_999_999n }).map(String));
const decimal = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)), fc.tuple(fc.integer(), fc.nat(999_999)).map(([a, b]) => `${a}.${b}`));
const nested = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value));
const literal = fc.constantFrom("true", "false", "null");
const kinds: readonly fc.Arbitrary<string>[] = [
  plainString,
  plainInteger,
  decimal,
  literal,
  nested,
  fc.oneof(plainString, fc.constant("null")),
  fc.oneof(plainInteger, decimal, fc.constant("null")),
  fc.tuple(plainInteger, plainString).map(([n, s]) => `{"n":${n},"s":${s}}`),
  fc.oneof(fc.tuple(plainInteger, plainString).map(([n, s]) => `{"n":${n},"s":${s}}`), fc.constant("null"), fc.constant("{}")),
];
const hostile = fc.oneof(fc.constantFrom(...oddNumbers), fc.constantFrom(...oddStrings), fc.constantFrom(...oddValues), nested);

interface Style {
  readonly colon: string;
  readonly comma: string;
  readonly lineEnd: string;
}
const style: fc.Arbitrary<Style> = fc.record({ colon: fc.constantFrom(":", ": ", " : "), comma: fc.constantFrom(",", ", "), lineEnd: fc.constantFrom("\n", "\r\n", " \n") });

/** What is done to a line: mostly nothing. */
const trick = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ kind: "none" as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("value" as const), at: fc.nat(8), text: hostile }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drop" as const), at: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("double" as const), at: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reverse" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("bytes" as const), at: fc.nat(200), byte: fc.constantFrom(0x22, 0x5c, 0x7b, 0x7d, 0x2c, 0x3a, 0x30, 0x1f, 0x20, 0x00, 0x0d, 0x80, 0xc0, 0xe9, 0xff), replace: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("whole" as const), text: fc.oneof(hostile, fc.constantFrom("", " ", "\t", "\r", "{}", "{ }", "[]", "\ufeff{}", "{}{}", "null")) }) },
);
type Trick = typeof trick extends fc.Arbitrary<infer T> ? T : never;

function lineOf(fields: readonly (readonly [string, string])[], { colon, comma, lineEnd }: Style, act: Trick): Buffer {
  let parts = fields.map(([name, value]): [string, string] => [JSON.stringify(name), value]);
  const at = "at" in act && parts.length > 0 ? act.at % parts.length : 0;
  if (act.kind === "value" && parts[at] !== undefined) parts[at][1] = act.text;
  if (act.kind === "drop") parts = parts.toSpliced(at, 1);
  if (act.kind === "double" && parts[at] !== undefined) parts.push([parts[at][0], "7"]);
  if (act.kind === "reverse") parts.reverse();
  const text = act.kind === "whole" ? act.text : `{${parts.map(([name, value]) => `${name}${colon}${value}`).join(comma)}}`;
  const bytes = [...Buffer.from(text)];
  if (act.kind === "bytes") bytes.splice(act.at % (bytes.length + 1), act.replace ? 1 : 0, act.byte);
  if (act.kind === "cut") bytes.splice(act.at % (bytes.length + 1));
  return Buffer.concat([Buffer.from(bytes), Buffer.from(lineEnd)]);
}

/** A stream and the names of its fields. */
export interface HostileStream {
  readonly bytes: Buffer;
  readonly fields: readonly string[];
  /** Where to end the pieces of the input. */
  readonly cuts: readonly number[];
}

/** Streams whose lines mostly have one or two layouts. */
export const hostileStream: fc.Arbitrary<HostileStream> = fc
  .record({ fields: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 6 }), kinds: fc.array(fc.nat(kinds.length - 1), { minLength: 6, maxLength: 6 }), style })
  .chain((layout) => {
    const values = fc.tuple(...layout.fields.map((_, i) => kinds[layout.kinds[i] ?? 0] ?? plainString));
    const line = fc.tuple(values, trick).map(([texts, act]) => lineOf(layout.fields.map((name, i) => [name, texts[i] ?? "0"]), layout.style, act));
    return fc.record({ lines: fc.array(line, { minLength: 1, maxLength: 60 }), mark: fc.boolean(), torn: fc.boolean(), cuts: fc.array(fc.nat(3000), { maxLength: 5 }) }).map(({ lines, mark, torn, cuts }) => {
      const whole = Buffer.concat([...(mark ? [Buffer.from([0xef, 0xbb, 0xbf])] : []), ...lines]);
      return { bytes: torn ? whole.subarray(0, whole.length - layout.style.lineEnd.length) : whole, fields: layout.fields, cuts };
    });
  });
