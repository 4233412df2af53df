import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyGroupOf } from "../keyed/key-group.ts";
import type { DataType } from "../schema.ts";
import { field } from "./builder.ts";
import { compileExpression } from "./expression-compile.ts";
import { toSource } from "./expression-source.ts";
import { standardFunctionTable } from "./function-table.ts";
import { describeFunctions, standardFunctions } from "./functions.ts";

const call = (name: string, ...arguments_: unknown[]): unknown => standardFunctionTable.get(name)!.evaluate(...arguments_);
const failed = expect.objectContaining({ code: "SF_EXPRESSION_FAILED" });

it("are distinct, pure, and described", () => {
  expect(new Set(standardFunctions.map((fn) => fn.name)).size).toBe(standardFunctions.length);
  for (const fn of standardFunctions) {
    expect(fn.pure, fn.name).toBe(true);
    expect(fn.summary, fn.name).toMatch(/^.{10,}\.$/);
    expect(fn.example, fn.name).toMatch(new RegExp(`\\b${fn.name}\\(.* // => `));
    expect(describeFunctions(standardFunctions)).toContain(`| \`${fn.name}(`);
  }
});

describe("null and wrong kinds", () => {
  const knowNull = new Set(["concat", "coalesce", "ifNull", "isNull", "has", "hash", "keyGroup"]);

  it.each(standardFunctions.filter((fn) => !knowNull.has(fn.name)).map((fn) => [fn.name, fn] as const))("%s is null where any argument is", (_, fn) => {
    for (let at = 0; at < fn.parameters.length; at++) {
      for (const nothing of [null, undefined]) {
        const arguments_: unknown[] = fn.parameters.slice(0, at + 1).map(() => "x");
        arguments_[at] = nothing;
        if (at > 0) arguments_[0] = null;
        expect(fn.evaluate(...arguments_)).toBeNull();
      }
    }
  });

  it("fails with SF_EXPRESSION_FAILED, or answers, whatever it is called with", () => {
    const argument = fc.oneof(fc.anything({ withBigInt: true, withMap: true, withTypedArray: true, withDate: true }), fc.constantFrom("second", "a", -1, 1.5, 2n, 8.64e15, NaN));
    fc.assert(
      fc.property(fc.constantFrom(...standardFunctions), fc.array(argument, { minLength: 3, maxLength: 3 }), (fn, given) => {
        const most = fn.variadic === true ? 3 : fn.parameters.length;
        try {
          expect(fn.evaluate(...given.slice(0, most))).not.toBeUndefined();
        } catch (thrown) {
          // Keys have a code of their own.
          expect(["SF_EXPRESSION_FAILED", "SF_KEY_INVALID"]).toContain((thrown as { code?: string }).code);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe("functions that answer what they are given", () => {
  const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    int32: fc.integer(), float64: fc.double(), timestamp: fc.integer({ min: -8.64e15, max: 8.64e15 }), string: fc.string({ unit: "binary" }), int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  };
  const cases = standardFunctions.flatMap((fn) => (fn.same ?? []).map((type) => [fn.name, type] as const));

  it.each(cases)("%s of %s does", (name, type) => {
    fc.assert(
      fc.property(values[type]!, (value) => {
        expect(call(name, value)).toBe(value);
      }),
    );
    expect(call(name, null)).toBeNull();
  });

  it.each(cases)("%s of %s is not called", (name, type) => {
    const kind = { type } as DataType;
    const schema: DataType = { type: "struct", fields: [{ name: "f", type: kind }, { name: "n", type: { ...kind, nullable: true } }] };
    const bound: unknown[] = [];
    const scope = { bind: (value: unknown) => `$${bound.push(value)}`, temporary: () => "t" };
    for (const argument of ["f", "n"]) {
      const expression = { kind: "call", function: name, arguments: [field(argument)] } as const;
      expect(toSource(expression, "r", { schema, functions: standardFunctionTable, scope, field: (of) => `column_${of}`, isDefined: () => true })).toBe(`column_${argument}`);
      expect(bound).toEqual([]);
      const { type: result, evaluate } = compileExpression(expression, { schema, functions: standardFunctionTable });
      expect([result?.type, result?.nullable ?? false]).toEqual([standardFunctionTable.get(name)!.result([kind])!.type, argument === "n"]);
      expect(evaluate({})).toBeNull();
    }
  });
});

describe("numbers", () => {
  it.each([[2.5, 0, 3], [-2.5, 0, -3], [1.005, 2, 1.01], [-1.005, 2, -1.01], [0.49999999999999994, 0, 0], [1e300, 2, 1e300], [1.25, 1, 1.3], [5e-324, 3, 0], [NaN, 1, NaN], [7n, 2, 7n], [123.456, 5, 123.456]])("round(%s, %s) is %s", (value, digits, expected) => {
    expect(call("round", value, digits)).toEqual(expected);
  });

  it("round is the nearest, as numbers are written", () => {
    fc.assert(fc.property(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.integer({ min: 0, max: 6 }), (value, digits) => {
      expect(Math.abs((call("round", value, digits) as number) - value)).toBeLessThanOrEqual(0.5 * 10 ** -digits * (1 + 1e-6) + 1e-9);
    }));
    expect(() => call("round", 1.5, -1)).toThrow(failed);
  });

  it.each([[-1, 7, 6], [1, -7, -6], [7, 7, 0], [-7, 7, 0], [-1n, 7n, 6n], [1n, -7n, -6n], [-1n, 7, 6n], [-5.5, 2, 0.5], [1, 0, NaN]])("floorMod(%s, %s) is %s", (value, divisor, expected) => {
    expect(call("floorMod", value, divisor)).toEqual(expected);
  });

  it("fail where int64 does", () => {
    expect(() => call("abs", -(2n ** 63n))).toThrow(failed);
    expect(() => call("floorMod", 1n, 0n)).toThrow(failed);
    expect(call("abs", -5n)).toBe(5n);
    expect(call("abs", "-1.50")).toBe("1.50");
    expect(() => call("abs", "x")).toThrow(failed);
  });

  it("min and max follow the order of the type table", () => {
    expect(call("min", 3, 1n, 2)).toBe(1n);
    expect(call("max", 1, NaN, 2)).toBeNaN();
    expect(() => call("max", 1, "a")).toThrow(failed);
  });
});

describe("conversions", () => {
  it.each([["toNumber", "x"], ["toNumber", ""], ["toNumber", "0x10"], ["toInt64", "1.5"], ["toInt64", 2 ** 60], ["toInt64", "9223372036854775808"], ["toTimestamp", "soon"], ["toTimestamp", 1.5], ["toTimestamp", 2n ** 62n], ["parseTimestamp", "2024-02-30"]])("%s(%s) fails, and its try form is null", (name, value) => {
    expect(() => call(name, value)).toThrow(failed);
    if (name.startsWith("to")) expect(call(name.replace("to", "try"), value)).toBeNull();
  });

  it.each([["toNumber", " 1.5 ", 1.5], ["toNumber", 5n, 5], ["toNumber", true, 1], ["toInt64", "12.00", 12n], ["toInt64", -0, 0n], ["toTimestamp", 5n, 5], ["toString", -0, "0"], ["toString", 5n, "5"], ["toString", new Uint8Array([0]), "AA=="]])("%s(%s) is %s", (name, value, expected) => {
    expect(call(name, value)).toEqual(expected);
  });
});

describe("time", () => {
  it("truncate answers the start of what the instant lies in, also before 1970", () => {
    const at = (text: string): number => Date.parse(text);
    const rows = { second: "1969-02-27T23:59:58Z", minute: "1969-02-27T23:59:00Z", hour: "1969-02-27T23:00:00Z", day: "1969-02-27T00:00:00Z", week: "1969-02-24T00:00:00Z", month: "1969-02-01T00:00:00Z", year: "1969-01-01T00:00:00Z" };
    for (const [unit, start] of Object.entries(rows)) expect(call("truncate", at("1969-02-27T23:59:58.700Z"), unit), unit).toBe(at(start));
    expect(call("truncate", at("0050-06-01T00:00:00Z"), "year")).toBe(at("0050-01-01T00:00:00Z"));
    expect(() => call("truncate", 0, "era")).toThrow(failed);
    expect(() => call("truncate", -8.64e15, "year")).toThrow(failed);
  });

  it("truncate is at most its instant, and of itself itself", () => {
    fc.assert(fc.property(fc.integer({ min: -(10 ** 13), max: 10 ** 13 }), fc.constantFrom("second", "minute", "hour", "day", "week", "month", "year"), (ms, unit) => {
      const start = call("truncate", ms, unit) as number;
      expect(start).toBeLessThanOrEqual(ms);
      expect(call("truncate", start, unit)).toBe(start);
      if (unit === "week") expect(call("dayOfWeek", start)).toBe(1);
    }));
  });
});

describe("lists, maps, structs and keys", () => {
  it("has follows the equality of the type table", () => {
    expect(call("has", [1, NaN], NaN)).toBe(true);
    expect(call("has", [1n], 1)).toBe(true);
    expect(call("has", [null], null)).toBe(true);
    expect(call("has", new Map([[1n, null]]), 1n)).toBe(true);
    expect(call("has", new Map([["a", 1]]), "b")).toBe(false);
    expect(call("has", { a: null }, "a")).toBe(false);
    expect(call("has", {}, "toString")).toBe(false);
    expect(call("has", null, 1)).toBe(false);
  });

  it("field reads own fields only", () => {
    expect(call("field", {}, "constructor") ?? null).toBeNull();
    expect(call("field", new Map([["a", 1]]), "a")).toBe(1);
  });

  it("size, at, hash and keyGroup", () => {
    expect([call("size", new Map([[1, 2]])), call("size", { a: 1, b: null }), call("size", [])]).toEqual([1, 1, 0]);
    expect([call("at", [1], -2), call("at", [1], 1), call("at", [1], -1)]).toEqual([null, null, 1]);
    expect(call("keyGroup", "LAX")).toBe(keyGroupOf("LAX"));
    expect(() => call("hash", new Map())).toThrow(expect.objectContaining({ code: "SF_KEY_INVALID" }));
  });

  it("texts do not grow without bound", () => {
    expect(() => call("replace", "a".repeat(100_000), "a", "b".repeat(1000))).toThrow(failed);
    expect(call("replace", "aa", "", "b")).toBe("aa");
    expect(call("replace", "a$a", "a", "$&")).toBe("$&$$&");
  });
});
