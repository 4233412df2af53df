import { compileExpression, formatAggregate, formatExpression, standardFunctionTable as functions, StreamFlowError, type Expression } from "@streamflow/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAggregate, parseExpression } from "./expression.ts";

const field = (...path: string[]): Expression => ({ kind: "field", path });
const lit = (value: null | boolean | number | string | bigint): Expression => ({ kind: "literal", value });
const binary = (left: Expression, operator: "+" | "==" | "&&" | ">" | "??", right: Expression): Expression => ({ kind: "binary", operator, left, right });

describe("parseExpression", () => {
  it.each<[string, Expression]>([
    ["delay > 0 && origin === 'LAX'", binary(binary(field("delay"), ">", lit(0)), "&&", binary(field("origin"), "==", lit("LAX")))],
    ["bid.price", field("bid", "price")],
    ["bid?.price", field("bid", "price")],
    ['bid["my price"]', field("bid", "my price")],
    ["_", field()],
    ['_["null"].x', field("null", "x")],
    ["items[0].price", { kind: "member", object: { kind: "index", object: field("items"), index: lit(0) }, name: "price" }],
    ["-5", lit(-5)], ["-0", lit(-0)], ["-Infinity", lit(-Infinity)], ["NaN", lit(NaN)], ["-9223372036854775808n", lit(-(2n ** 63n))], ["undefined", lit(null)],
    ["-(5)", { kind: "unary", operator: "-", operand: lit(5) }],
    ["`${a}-${b ?? 1}`", { kind: "call", function: "concat", arguments: [field("a"), lit("-"), binary(field("b"), "??", lit(1))] }],
    ["`plain`", lit("plain")], ["``", lit("")], ["`${a}`", { kind: "call", function: "concat", arguments: [field("a")] }],
    ["{ a: 1, 'b c': x, d }", { kind: "object", entries: [["a", lit(1)], ["b c", field("x")], ["d", field("d")]] }],
    ["[a, null]", { kind: "list", items: [field("a"), lit(null)] }],
    ["f(x).y", { kind: "member", object: { kind: "call", function: "f", arguments: [field("x")] }, name: "y" }],
    [" a\n  + b /* sum */ // of both", binary(field("a"), "+", field("b"))],
    ["constructor", field("constructor")], ["__proto__.x", field("__proto__", "x")],
  ])("reads %s", (text, expected) => {
    expect(parseExpression(text)).toEqual(expected);
  });

  it.each<[string, number, string, string | undefined]>([
    ["", 1, "expected an expression, found the end of the text", "write for example delay > 0"],
    ["delay >", 8, "expected an expression, found the end of the text", undefined],
    ["delay > > 5", 9, 'expected a value, found ">"', undefined],
    ["a and b", 3, 'expected an operator or the end of the expression, found "and"', "write && for and"],
    ["a or b", 3, 'found "or"', "write || for or"],
    ["a; b", 2, 'found ";"', undefined],
    ["a = 1", 1, "found an assignment", "an expression changes nothing; compare with =="],
    ["a.b = 1", 1, "found an assignment", "compare with =="],
    ["x++", 1, "found an assignment", "an expression changes nothing"],
    ["x => x", 1, "found a function", "an expression is the body alone"],
    ["function () {}", 1, "found a function", "the body alone"],
    ["new Date()", 1, "found new", "toTimestamp"],
    ["this.x", 1, "found this", "the whole record is _"],
    ["f(...a)", 3, "found a spread", "one by one"],
    ["[...a]", 2, "found a spread", "one by one"],
    ["{ ...a }", 3, 'expected name: value, found "...a"', "name: value"],
    ["{ get a() { return 1; } }", 3, "expected name: value", "name: value"],
    ["{ [a]: 1 }", 3, "expected name: value", "name: value"],
    ["{ a: 1, a: 2 }", 9, 'the field "a" is given twice', undefined],
    ["a, b", 1, "found a comma between expressions", "write one expression"],
    ["(a, b)", 2, "found a comma between expressions", "write one expression"],
    ["[a,,b]", 1, "found nothing between two commas", "write null"],
    ["/a+/", 1, "found a regular expression literal", 'write matches(text, "pattern")'],
    ["name.toUpperCase()", 1, "expected the name of a function", "write upper(name)"],
    ["(() => 1)()", 2, "expected the name of a function", undefined],
    ["a ** 2", 3, 'the operator "**" is not part of expressions', "write pow(base, exponent)"],
    ["a & b", 3, 'the operator "&"', "write && for a condition"],
    ["typeof a", 1, 'the operator "typeof"', "isNull"],
    ["'x' in a", 5, 'the operator "in"', "has(value, name)"],
    ["tag`x`", 1, "found a tagged template", "f(text)"],
    ["import(`x`)", 1, "found import", undefined],
    ["import.meta", 1, "found import.meta", undefined],
    ["await x", 1, "found await", "a stage of your own"],
    ["class {}", 1, "found a class", undefined],
    ["a?.#b", 4, "", undefined],
    ["9223372036854775808n", 1, "is beyond int64", undefined],
    ["'abc", 1, "unterminated string", undefined],
    ["a ?? b || c", 8, "cannot be mixed", undefined],
    ["x.y\n  .z\n  + * 2", 5, 'expected a value, found "*"', undefined],
  ])("refuses %s at column %d", (text, column, message, hint) => {
    const error = thrownBy(() => parseExpression(text));
    expect(error.code).toBe("SF_EXPRESSION_INVALID");
    expect(error.message).toContain(message);
    expect(error.message).toContain(`(column ${column} of `);
    expect(error.location?.column).toBe(column);
    if (hint !== undefined) expect(error.hint).toContain(hint);
  });

  it("locates mistakes by line and column, or as it is told", () => {
    expect(thrownBy(() => parseExpression("a +\n  )")).location).toEqual({ line: 2, column: 3 });
    expect(thrownBy(() => parseExpression("a + )", { locate: (offset) => ({ file: "p.yaml", line: 7, column: 10 + offset }) })).location).toEqual({ file: "p.yaml", line: 7, column: 14 });
  });

  it.each([
    ["parentheses", `${"(".repeat(9000)}a${")".repeat(9000)}`], ["nots", `${"!".repeat(10_000)}a`], ["minuses", `${"- ".repeat(9000)}a`], ["a sum", `1${"+1".repeat(9000)}`], ["conditionals", `${"a?b:".repeat(4000)}c`],
    ["lists", `${"[".repeat(9000)}${"]".repeat(9000)}`], ["calls", `${"f(".repeat(6000)}${")".repeat(6000)}`], ["members", `a${"[0]".repeat(6000)}`], ["templates", `${"`${".repeat(4000)}a${"}`".repeat(4000)}`], ["open braces", "{a:".repeat(6000)],
    ["10,000 levels of text", `${"!".repeat(100_000)}a`], ["501 levels", `${"!".repeat(501)}a`],
  ])("refuses %s nested too deeply, without overflowing the stack", (_, text) => {
    expect(thrownBy(() => parseExpression(text)).code).toBe("SF_EXPRESSION_INVALID");
  });

  it("takes a chain of 400 conditions", () => {
    const text = Array.from({ length: 400 }, (_, i) => `a == ${i}`).join(" || ");
    expect(compileExpression(parseExpression(text), { functions }).evaluate({ a: 399 })).toBe(true);
  });
});

describe("hostile text", () => {
  const attacks = [
    "constructor.constructor('return process')()", "_.constructor.constructor('return 1')()", "''.constructor.constructor('globalThis.hacked=1')()", "[].filter.constructor('globalThis.hacked=1')()", "f`${globalThis.hacked=1}`",
    "globalThis.hacked = 1", "eval('globalThis.hacked=1')", "(0, eval)('1')", "import('node:fs')", "require('fs')", "process.exit(1)", "this.constructor", "new Function('1')()", "__proto__.hacked = 1", "({}).__proto__.hacked = 1", "({ __proto__: { hacked: 1 } }).hacked",
    "a => globalThis.hacked = 1", "(function(){ globalThis.hacked = 1 })()", "x[`constructor`][`constructor`]`return 1`()", "Reflect.get(_, 'x')", "\u2028globalThis.hacked=1", "a /* */; globalThis.hacked = 1", "toString()", "valueOf.call(1)", "__defineGetter__('x', f)",
  ];

  it.each(attacks)("runs nothing: %s", (text) => {
    try {
      expect(compileExpression(parseExpression(text), { functions }).evaluate({ x: 1 })).toBeNull();
    } catch (thrown) {
      expect(StreamFlowError.is(thrown) && thrown.code.startsWith("SF_EXPRESSION_")).toBe(true);
    }
    expect((globalThis as { hacked?: unknown }).hacked).toBeUndefined();
    expect(({} as { hacked?: unknown }).hacked).toBeUndefined();
  });

  it("throws nothing but StreamFlowError, whatever the text", () => {
    const word = fc.constantFrom("a", "delay", "constructor", "__proto__", "(", ")", "[", "]", "{", "}", ",", ":", "?", "?.", "??", ".", "=", "==", "=>", "+", "-", "!", "&&", "||", "`", "${", "'", '"', "1", "5n", "1e", "/", "*", "...", "new ", "this", "async ", "await ", "yield ", "function ", "class ", "super", "import", "#x", "\\", "\u2028", "\n", "//", "/*", "upper(", "null", "NaN", ";", "0x", "in ", "of ", "let ");
    const text = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.array(word, { maxLength: 25 }).map((words) => words.join("")), fc.constantFrom(...attacks).chain((attack) => fc.nat(attack.length).map((at) => attack.slice(0, at) + attack.slice(at + 1))));
    let read = 0;
    fc.assert(
      fc.property(text, (source) => {
        try {
          compileExpression(parseExpression(source), { functions }).evaluate({ a: 1, delay: 2 });
          read++;
        } catch (thrown) {
          if (!StreamFlowError.is(thrown) || !thrown.code.startsWith("SF_EXPRESSION_")) throw thrown;
        }
        try {
          parseAggregate(source);
        } catch (thrown) {
          if (!StreamFlowError.is(thrown, "SF_EXPRESSION_INVALID")) throw thrown;
        }
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(20);
    expect((globalThis as { hacked?: unknown }).hacked).toBeUndefined();
  });
});

describe("parseAggregate", () => {
  it("reads calls, as text again the same", () => {
    expect(parseAggregate("quantile(delay * 2, 0.95)")).toEqual({ kind: "aggregate", function: "quantile", arguments: [{ kind: "binary", operator: "*", left: field("delay"), right: lit(2) }, lit(0.95)] });
    expect(parseAggregate(" (count()) ")).toEqual({ kind: "aggregate", function: "count", arguments: [] });
    for (const text of ["count()", "topN(price, 3)", 'first(a ?? "x")']) expect(formatAggregate(parseAggregate(text))).toBe(text);
  });

  it.each(["delay", "avg", "a.avg(x)", "avg(x) + 1", "new avg(x)", "avg(x"])("refuses %s", (text) => {
    expect(thrownBy(() => parseAggregate(text)).code).toBe("SF_EXPRESSION_INVALID");
  });
});

describe("formatExpression", () => {
  const name = fc.oneof(fc.constantFrom("a", "b", "constructor", "__proto__", "null", "_", "this", "new", "in", "let", "async", "my field", "", "1"), fc.string({ unit: "binary", maxLength: 4 }));
  // Where the depth is used up, only the first arbitrary is drawn from: it must satisfy every filter below.
  const leaf: fc.Arbitrary<Expression> = fc.oneof(
    fc.array(name, { maxLength: 3 }).map((path) => ({ kind: "field" as const, path })),
    fc.oneof(fc.double(), fc.constantFrom(null, true, 0, -0, 1, -1, 1e21, -1e-7, NaN, -Infinity), fc.string({ unit: "binary", maxLength: 4 }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((value) => ({ kind: "literal" as const, value })),
  );
  const expression = fc.letrec<{ node: Expression }>((tie) => {
    const node = tie("node");
    return {
      node: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.record({ kind: fc.constant("unary" as const), operator: fc.constantFrom("-", "!", "+"), operand: node }),
        fc.record({ kind: fc.constant("binary" as const), operator: fc.constantFrom("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "??"), left: node, right: node }),
        // oxlint-disable-next-line unicorn/no-thenable -- a member of the expression model
        fc.record({ kind: fc.constant("conditional" as const), test: node, then: node, otherwise: node }),
        fc.record({ kind: fc.constant("call" as const), function: fc.constantFrom("upper", "f", "concat"), arguments: fc.array(node, { maxLength: 2 }) }),
        fc.record({ kind: fc.constant("member" as const), object: node.filter((o) => o.kind !== "field"), name }),
        fc.record({ kind: fc.constant("index" as const), object: node, index: node.filter((i) => i.kind !== "literal" || typeof i.value !== "string") }),
        fc.array(node, { maxLength: 2 }).map((items) => ({ kind: "list" as const, items })),
        fc.array(fc.tuple(name, node), { maxLength: 2 }).filter((e) => new Set(e.map(([n]) => n)).size === e.length).map((entries) => ({ kind: "object" as const, entries })),
      ),
    };
  }).node;

  it("writes what parseExpression reads back as the same nodes", () => {
    fc.assert(fc.property(expression, (e) => void expect(parseExpression(formatExpression(e))).toEqual(e)), { numRuns: 3000 });
  });

  it("writes no parentheses that are not needed", () => {
    for (const text of ["a + b * c", "(a + b) * c", "a - (b - c)", "a - b - c", "!a && (b || c)", "a ?? b ?? c", "(a ?? b) || c", "a ? b : c ? d : e", "(a ? b : c).d", "-(-5)", "-a * 2", "-(a * 2)", "f(a, b + 1)[0].c", "(1).x", "{ a: 1 }"]) {
      expect(formatExpression(parseExpression(text))).toBe(text);
    }
  });
});

function thrownBy(run: () => unknown): StreamFlowError {
  try {
    run();
  } catch (thrown) {
    if (StreamFlowError.is(thrown)) return thrown;
    throw thrown;
  }
  return expect.fail("nothing was thrown");
}
