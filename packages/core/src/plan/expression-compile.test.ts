import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { StreamFlowError } from "../errors.ts";
import type { Schema } from "../schema.ts";
import { nullable, t } from "../types/constructors.ts";
import { equalValues } from "../types/compare.ts";
import { field, fn, lit, list, type Operand, record } from "./builder.ts";
import { mayGenerateCode } from "./code-generation.ts";
import { compileExpression } from "./expression-compile.ts";
import { SourceScope, toSource } from "./expression-source.ts";
import type { Expression } from "./expression.ts";
import { standardFunctionTable as functions } from "./function-table.ts";

const forms = ["code", "closures"] as const;
const int64Max = 2n ** 63n - 1n;

const schema = t.struct({
  f: t.float64(), fn: nullable(t.float64()), i: t.int32(), l: t.int64(), ln: nullable(t.int64()), s: t.string(), sn: nullable(t.string()), b: t.bool(), bn: nullable(t.bool()),
  list: t.list(t.int64()), o: nullable(t.struct({ x: t.float64(), toString: nullable(t.string()) })), m: t.map(t.string(), t.int32()), d: t.decimal(10, 2), d1: nullable(t.decimal(10, 1)), ts: t.timestamp(), by: t.bytes(),
});

function evaluate(expression: Expression, value: unknown, options: { schema?: Schema; form?: "code" | "closures" } = {}): unknown {
  return compileExpression(expression, { functions, ...options }).evaluate(value);
}

describe.each(forms)("as %s", (form) => {
  const record0 = { f: 1.5, fn: null, i: 7, l: 5n, ln: null, s: "a", b: true, list: [1n, 2n], o: { x: 2 }, m: new Map([["k", 3]]), d: "12.50", ts: 1000, by: new Uint8Array([1]), nan: NaN, null: null };

  // Expression, its value without a schema and with one (where they differ).
  it.each<[Expression, unknown, unknown?]>([
    [field("fn").plus(1), null], [lit(1).minus(field("none")), null, "SF_EXPRESSION_INVALID"], [field("fn").negated(), null],
    [field("fn").lt(1), false], [field("fn").lte(0), false], [field("fn").gte(0), false], [lit(0).lte(field("fn")), false], [field("fn").gt(0).not(), true],
    [field("fn").eq(null), true], [field("sn").eq(null), true], [field("fn").ne(1), true], [field("fn").eq(field("ln")), true],
    [field("bn").and(true), false], [field("bn").or(true), true], [field("bn").not(), true], [field("bn").choose(1, 2), 2], [field("b").and(field("b")), true],
    [field("sn").orElse("x"), "x"], [field("sn").orElse(null), null], [field("fn").orElse(field("f")), 1.5],
    [field("nan").eq(NaN), true, "SF_EXPRESSION_INVALID"], [field("nan").lt(1), false, "SF_EXPRESSION_INVALID"], [lit(NaN).eq(lit(NaN)), true], [lit(-0).eq(0), true], [field("f").dividedBy(0), Infinity],
    [field("l").eq(5), true], [field("l").plus(1), 6n], [field("l").plus(field("i")), 12n], [field("l").dividedBy(2), 2n], [field("l").remainder(3), 2n], [field("l").gt(4.5), true], [field("l").lt(field("i")), true], [field("l").negated(), -5n],
    [lit(int64Max).plus(0), int64Max], [lit(int64Max).plus(1), "SF_EXPRESSION_FAILED"], [lit(-(2n ** 63n)).negated(), "SF_EXPRESSION_FAILED"], [lit(-(2n ** 63n)).dividedBy(-1), "SF_EXPRESSION_FAILED"],
    [field("l").dividedBy(0), "SF_EXPRESSION_FAILED"], [field("l").remainder(0n), "SF_EXPRESSION_FAILED"], [field("l").plus(1.5), "SF_EXPRESSION_FAILED", "SF_EXPRESSION_INVALID"],
    [field("s").plus("b"), "ab"], [field("s").plus(1), "SF_EXPRESSION_FAILED", "SF_EXPRESSION_INVALID"], [field("s").lt("b"), true], [field("s").lt(1), "SF_EXPRESSION_FAILED", "SF_EXPRESSION_INVALID"], [field("s").eq(1), false, "SF_EXPRESSION_INVALID"],
    [field("s").and(true), "SF_EXPRESSION_FAILED", "SF_EXPRESSION_INVALID"], [field("s").negated(), "SF_EXPRESSION_FAILED", "SF_EXPRESSION_INVALID"],
    [field("list").item(1), 2n], [field("list").item(5), null], [field("list").item(-1), null], [field("list").item(field("fn")), null], [field("list").item("0"), null, "SF_EXPRESSION_INVALID"],
    [field("o", "x"), 2], [field("o", "x", "y"), null, "SF_EXPRESSION_INVALID"], [field("none", "x"), null, "SF_EXPRESSION_INVALID"], [field("m", "k"), 3], [field("m").item("z"), null], [field("m").item(field("s")), null],
    [field("s").item(0), "SF_EXPRESSION_FAILED", "SF_EXPRESSION_INVALID"],
    [field("d").gt(9), "SF_EXPRESSION_FAILED", true], [field("d").plus(0.25), "SF_EXPRESSION_FAILED", "12.75"], [field("d").times(2), "SF_EXPRESSION_FAILED", "25.00"], [field("d").minus(field("d1")), null, null],
    [field("d").eq(12.5), false, true], [field("d").negated(), "SF_EXPRESSION_FAILED", "-12.50"], [field("d").eq(field("d1")), false], [field("d").dividedBy(2), "SF_EXPRESSION_FAILED", "SF_EXPRESSION_INVALID"],
    [field("ts").plus(500), 1500], [field("ts").minus(field("ts")), 0], [field("ts").plus(0.5), 1000.5, "SF_EXPRESSION_FAILED"], [field("ts").gt(fn("toTimestamp", 0)), true], [field("ts").gt(0), true, "SF_EXPRESSION_INVALID"],
    [field("by").eq(field("by")), true], [field("by").lt(field("by")), false], [field("list").eq(list(1n, 2n)), true], [field("o").lt(field("o")), "SF_EXPRESSION_FAILED", "SF_EXPRESSION_INVALID"],
    [record({ a: field("i"), __proto__: 1 }), { a: 7 }], [list(field("i"), null), [7, null]], [fn("concat", field("s"), field("fn"), 1), "a1"], [field("b").choose(field("l"), 0), 5n],
  ])("%s", (expression, dynamic, typed = dynamic) => {
    for (const [options, expected] of [[{ form }, dynamic], [{ form, schema }, typed]] as const) {
      const result = outcome(() => evaluate(expression, record0, options as { form: typeof form; schema?: Schema }));
      expect(result).toEqual(expected);
    }
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "__defineGetter__", "length"])("reads %s only where it is the record's own", (name) => {
    const path = (...names: string[]): Expression => ({ kind: "field", path: names });
    for (const inherited of [{}, { o: {} }, Object.create({ [name]: 1 }), new (class Record0 { get length(): number { return 1; } })(), [], "text", 5, null, undefined, () => 1, new Map()]) {
      expect(evaluate(path(name), inherited, { form })).toBeNull();
      expect(evaluate(path("o", name), { o: inherited }, { form })).toBeNull();
      expect(evaluate({ kind: "index", object: path("o"), index: lit(true).choose(name, "") }, { o: typeof inherited === "object" && !Array.isArray(inherited) ? inherited : {} }, { form })).toBeNull();
    }
    const own = JSON.parse(`{"${name}": 1, "o": {"${name}": 2}}`) as unknown;
    expect(evaluate(path(name), own, { form })).toBe(1);
    expect(evaluate(path("o", name), own, { form })).toBe(2);
    expect(evaluate(path(name), Object.assign(Object.create(null) as object, own), { form })).toBe(name === "__proto__" ? 1 : 1);
  });

  it("reads the own fields of an instance of a class, and no accessor of its prototype", () => {
    class Point { x = 1; get y(): number { return 2; } }
    expect(evaluate(record({ x: field("x"), y: field("y") }), new Point(), { form })).toEqual({ x: 1, y: null });
  });

  it("does not see what somebody put onto Object.prototype", () => {
    (Object.prototype as Record<string, unknown>)["polluted"] = "yes";
    try {
      expect(evaluate(field("polluted"), {}, { form })).toBeNull();
      expect(evaluate(field("o", "polluted"), { o: {} }, { form, schema: t.struct({ o: t.struct({ polluted: nullable(t.string()) }) }) })).toBeNull();
    } finally {
      delete (Object.prototype as Record<string, unknown>)["polluted"];
    }
  });

  it("makes objects with a field of any name, and changes no prototype", () => {
    const made = evaluate({ kind: "object", entries: [["__proto__", lit(1)], ["constructor", lit(2)]] }, {}, { form }) as object;
    expect(Object.entries(made)).toEqual([["__proto__", 1], ["constructor", 2]]);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  it("fails with the text of the expression, whatever was thrown", () => {
    const error = outcomeError(() => evaluate(field("l").plus(1), { l: int64Max }, { form }));
    expect(error.message).toBe("9223372036854775807 + 1 is beyond int64, in `l + 1`");
    const own = { get: (name: string) => (name === "boom" ? { ...functions.get("upper")!, name, evaluate: (): never => { throw new TypeError("no"); } } : undefined), names: () => ["boom"] };
    expect(outcomeError(() => compileExpression(fn("boom", field("s")), { functions: own, form }).evaluate({ s: "x" }))).toMatchObject({ code: "SF_EXPRESSION_FAILED", message: "no, in `boom(s)`" });
  });

  it("answers null for a function that answers undefined", () => {
    const own = { get: () => ({ ...functions.get("upper")!, evaluate: () => undefined }), names: () => [] };
    expect(compileExpression(fn("upper", field("s")), { functions: own, form }).evaluate({ s: "x" })).toBeNull();
  });
});

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (thrown) {
    return StreamFlowError.is(thrown) ? thrown.code : thrown;
  }
}

function outcomeError(run: () => unknown): StreamFlowError {
  try {
    run();
  } catch (thrown) {
    return thrown as StreamFlowError;
  }
  return expect.fail("nothing was thrown");
}

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  fc.constantFrom("f", "fn", "i", "l", "ln", "s", "sn", "b", "bn", "list", "o", "m", "ts", "by", "d", "d1", "constructor").map((name) => ({ kind: "field" as const, path: [name] })),
  fc.constantFrom<Expression>({ kind: "field", path: ["o", "x"] }, { kind: "field", path: [] }, { kind: "field", path: ["m", "k"] }, { kind: "field", path: ["o", "toString"] }),
  fc.constantFrom(null, true, false, 0, -0, 1, -2, 2.5, NaN, Infinity, "", "a", "\"'`${}\\\u2028", 3n, -1n, int64Max).map((value) => ({ kind: "literal" as const, value })),
);
const binaryOperators = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "??"] as const;
const { node: expression, plain } = fc.letrec<{ node: Expression; plain: Expression }>((tie) => {
  const operators = (child: fc.Arbitrary<Expression>): fc.Arbitrary<Expression>[] => [
    fc.record({ kind: fc.constant("unary" as const), operator: fc.constantFrom("-", "!", "+"), operand: child }),
    fc.record({ kind: fc.constant("binary" as const), operator: fc.constantFrom(...binaryOperators.filter((o) => o !== "??")), left: child, right: child }),
    fc.tuple(fc.constantFrom("upper", "length", "abs", "isNull", "size", "floor"), child).map(([name, argument]) => ({ kind: "call", function: name, arguments: [argument] })),
    fc.record({ kind: fc.constant("index" as const), object: child, index: child }),
    fc.record({ kind: fc.constant("member" as const), object: child, name: fc.constantFrom("x", "constructor", "k") }),
  ];
  return {
    plain: fc.oneof({ maxDepth: 4 }, { weight: 2, arbitrary: leaf }, ...operators(tie("plain"))),
    node: fc.oneof(
      { maxDepth: 4 },
      { weight: 2, arbitrary: leaf },
      ...operators(tie("node")),
      fc.record({ kind: fc.constant("binary" as const), operator: fc.constant("??" as const), left: tie("node"), right: tie("node") }),
      // oxlint-disable-next-line unicorn/no-thenable -- a member of the expression model
      fc.record({ kind: fc.constant("conditional" as const), test: tie("node"), then: tie("node"), otherwise: tie("node") }),
      fc.array(tie("node"), { maxLength: 2 }).map((items) => ({ kind: "list" as const, items })),
      fc.array(fc.tuple(fc.constantFrom("a", "__proto__", "b c"), tie("node")), { maxLength: 2 }).filter((e) => new Set(e.map(([n]) => n)).size === e.length).map((entries) => ({ kind: "object" as const, entries })),
    ),
  };
});
const float = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, 1, -2));
const int64 = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: int64Max }), fc.constantFrom(0n, 1n, 3n));
const conforming = fc.record(
  {
    f: float, fn: fc.option(float), i: fc.integer(), l: int64, ln: fc.option(int64), s: fc.constantFrom("", "a", "B"), sn: fc.option(fc.string()), b: fc.boolean(), bn: fc.option(fc.boolean()), list: fc.array(int64, { maxLength: 3 }),
    o: fc.option(fc.record({ x: float })), m: fc.constant(new Map([["k", 1]])), d: fc.constantFrom("1.00", "-2.50"), d1: fc.constantFrom("1.0", null), ts: fc.integer({ min: -1, max: 10 }), by: fc.uint8Array({ maxLength: 2 }),
  },
  { noNullPrototype: true },
);

describe("the forms agree", () => {
  it("generated code and closures give the same results, with and without a schema", () => {
    let worked = 0;
    fc.assert(
      fc.property(expression, conforming, fc.anything(), (e, value, anything) => {
        for (const [options, input] of [[{ schema }, value], [{}, value], [{}, anything]] as const) {
          const [code, closures] = forms.map((form) => outcome(() => evaluate(e, input, { ...options, form })));
          expect(code).toEqual(closures);
          if (typeof code !== "string" || !code.startsWith("SF_")) worked++;
        }
      }),
      { numRuns: 1500 },
    );
    expect(worked).toBeGreaterThan(500);
  });

  it("a schema changes no result, but finds mistakes earlier", () => {
    const known = t.struct(Object.fromEntries(["f", "fn", "i", "l", "ln", "s", "sn", "b", "bn", "list", "o", "m", "by"].map((name) => [name, schema.fields.find((each) => each.name === name)!.type])));
    const isFailure = (result: unknown): boolean => typeof result === "string" && result.startsWith("SF_");
    let compared = 0;
    fc.assert(
      fc.property(plain, conforming, (e, value) => {
        const typed = outcome(() => evaluate(e, value, { schema: known }));
        if (typed === "SF_EXPRESSION_INVALID") return;
        const dynamic = outcome(() => evaluate(e, value));
        expect(isFailure(typed)).toBe(isFailure(dynamic));
        if (!isFailure(typed)) expect(equalValues(typed, dynamic)).toBe(true);
        compared++;
      }),
      { numRuns: 3000 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  it("a declared type is kept: what comes out is of the type that was promised", () => {
    fc.assert(
      fc.property(expression, conforming, (e, value) => {
        const compiled = outcome(() => compileExpression(e, { functions, schema })) as ReturnType<typeof compileExpression> | string;
        if (typeof compiled === "string" || compiled.type === undefined) return;
        const result = outcome(() => compiled.evaluate(value));
        if (typeof result === "string" && result.startsWith("SF_")) return;
        if (result === null || result === undefined) return void expect(compiled.type.nullable).toBe(true);
        const kind = { float64: "number", int32: "number", timestamp: "number", int64: "bigint", string: "string", decimal: "string", bool: "boolean" }[compiled.type.type as string] ?? "object";
        expect(typeof result).toBe(kind);
      }),
      { numRuns: 1500 },
    );
  });
});

describe("toSource", () => {
  it.skipIf(!mayGenerateCode())("shares one scope between expressions of a function, and serves as a condition", () => {
    const scope = new SourceScope();
    const filter = toSource(field("delay").gt(0).and(field("flag")), "r", { functions, scope, asCondition: true });
    const map = toSource(fn("upper", field("origin")), "r", { functions, scope });
    const made = new Function(...scope.bindings.map(([name]) => name), `return (r) => { ${scope.declarations} return ${filter} ? ${map} : undefined; };`)(...scope.bindings.map(([, value]) => value)) as (r: unknown) => unknown;
    expect(made({ delay: 5, flag: true, origin: "lax" })).toBe("LAX");
    expect(made({ delay: 5, flag: null, origin: "lax" })).toBeUndefined();
    expect(new Set(scope.bindings.map(([, value]) => value)).size).toBe(scope.bindings.length);
  });

  it("lets no text of the expression into the code unquoted", () => {
    const hostile = "\"]); globalThis.hacked = true; //\n`${1}'\u2028";
    const scope = new SourceScope();
    const operands: Operand[] = [hostile, field(hostile), field("o", hostile), record({ [hostile]: 1 }), field("m").item(hostile)];
    for (const form of forms) evaluate(list(...operands), { o: {}, m: new Map() }, { form });
    expect(toSource(field("delay").gt(0), "r", { functions, scope, schema: t.struct({ delay: t.float64() }) })).toMatch(/^\(t0 = r .* \(t0\["delay"\] > 0\)\)$/);
    expect((globalThis as { hacked?: boolean }).hacked).toBeUndefined();
  });
});

describe("where code may not be generated", () => {
  // What was loaded while nothing could be generated must not serve other tests.
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("falls back to closures", async () => {
    vi.resetModules();
    vi.stubGlobal("Function", function refused() { throw new EvalError("Code generation from strings disallowed for this context"); });
    const fresh = await import("./expression-compile.ts");
    expect(fresh.compileExpression(field("a").plus(1), { functions }).evaluate({ a: 1 })).toBe(2);
  });
});

it("knows what is read and whether it is pure", () => {
  const random = { ...functions.get("upper")!, name: "random", pure: false };
  const table = { get: (name: string) => (name === "random" ? random : functions.get(name)), names: () => ["random"] };
  expect(compileExpression(field("a", "b").plus(fn("length", field("c"))), { functions })).toMatchObject({ fields: [["a", "b"], ["c"]], isPure: true, type: undefined });
  expect(compileExpression(list(field("a").eq(1).choose(fn("random", "x"), 1)), { functions: table })).toMatchObject({ isPure: false, fields: [["a"]] });
});
