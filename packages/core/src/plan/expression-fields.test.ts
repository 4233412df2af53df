import fc from "fast-check";
import { expect, it } from "vitest";
import { field, fn, lit, record } from "./builder.ts";
import { compileCompute } from "./compute.ts";
import { expressionFields, mergeProjections } from "./expression-fields.ts";
import { standardFunctionTable as functions } from "./function-table.ts";

it.each([
  [lit(1), []],
  [field(), "all"],
  [fn("concat", field(), "x"), "all"],
  [field("a").plus(field("b")).plus(field("a")), [["a"], ["b"]]],
  [field("a", "x").plus(field("a")).plus(field("a", "y")), [["a"]]],
  [field("a", "x").plus(field("ab")), [["a", "x"], ["ab"]]],
  [field("a").item("x").member("y"), [["a", "x", "y"]]],
  [field("a").item(field("i")).member("y"), [["a"], ["i"]]],
  [field("t").choose(field("a"), field("b")).member("x"), [["a", "x"], ["b", "x"], ["t"]]],
  [field().item("x"), [["x"]]],
  [record({ a: field("x"), b: fn("upper", field("y", "z")).not() }), [["x"], ["y", "z"]]],
] as const)("%s reads %j", (expression, expected) => {
  expect(expressionFields(expression)).toEqual(expected);
});

it("merges: everything that any reader reads, and nothing else", () => {
  const path = fc.array(fc.constantFrom("a", "b", "ab", ""), { minLength: 1, maxLength: 3 });
  fc.assert(fc.property(fc.array(fc.array(path, { maxLength: 4 }), { maxLength: 4 }), path, (projections, asked) => {
    const covers = (paths: readonly (readonly string[])[]): boolean => paths.some((p) => p.every((step, i) => asked[i] === step));
    const merged = mergeProjections(projections) as string[][];
    expect(covers(merged)).toBe(covers(projections.flat()));
    for (const [i, p] of merged.entries()) for (const [j, q] of merged.entries()) if (i !== j) expect(p.every((step, k) => q[k] === step)).toBe(false);
  }));
  expect(mergeProjections([[["a"]], "all"])).toBe("all");
});

it("says of a function that it reads everything", () => {
  const double = (r: { a: number }): number => r.a * 2;
  expect(compileCompute(double as never, undefined, functions)).toMatchObject({ type: undefined, fields: "all", isExpression: false, isPure: true, evaluate: double });
  expect(compileCompute(field("a").times(2), undefined, functions)).toMatchObject({ fields: [["a"]], isExpression: true, isPure: true });
  expect(() => compileCompute("a * 2" as never, undefined, functions)).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID", message: 'an expression or a function is expected, got "a * 2"' }));
});
