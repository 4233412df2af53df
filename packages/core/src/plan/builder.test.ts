import { expect, it } from "vitest";
import { field, fn, list, lit, record } from "./builder.ts";
import { compileExpression } from "./expression-compile.ts";
import { standardFunctionTable as functions } from "./function-table.ts";

it("makes the nodes that the text stands for, and nothing beside them", () => {
  const made = field("price").gt(100).and(field("symbol").eq("ACME"));
  expect(made.toString()).toBe('price > 100 && symbol == "ACME"');
  expect(JSON.parse(JSON.stringify(made))).toEqual({
    kind: "binary", operator: "&&",
    left: { kind: "binary", operator: ">", left: { kind: "field", path: ["price"] }, right: { kind: "literal", value: 100 } },
    right: { kind: "binary", operator: "==", left: { kind: "field", path: ["symbol"] }, right: { kind: "literal", value: "ACME" } },
  });
  expect(Object.keys(made)).toEqual(["kind", "operator", "left", "right"]);
});

it.each([
  [field("a").plus(1), 8], [field("a").minus(1), 6], [field("a").times(2), 14], [field("a").dividedBy(2), 3.5], [field("a").remainder(4), 3],
  [field("a").eq(7), true], [field("a").ne(7), false], [field("a").lt(8), true], [field("a").lte(7), true], [field("a").gte(8), false],
  [field("a").gt(0).or(false), true], [field("a").gt(0).not(), false], [field("a").negated(), -7],
  [field("none").orElse("x"), "x"], [field("none").isNull(), true], [field("a").isNotNull(), true], [field("a").gt(0).choose("yes", null), "yes"],
  [field("s").member("t"), 1], [fn("ifNull", field("s")).orElse(0), null], [field("l").item(1), 20], [list(1, field("a")), [1, 7]],
  [record({ twice: field("a").times(2), name: "n" }), { twice: 14, name: "n" }], [lit(5n).plus(1n), 6n], [fn("upper", field("name")), "LAX"],
])("%s", (expression, expected) => {
  if (expression.toString().startsWith("ifNull(s)")) return expect(() => compileExpression(expression, { functions })).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID", hint: "ifNull(value: any, otherwise: any)" }));
  return expect(compileExpression(expression, { functions }).evaluate({ a: 7, name: "lax", s: { t: 1 }, l: [10, 20] })).toEqual(expected);
});

it("refuses what is neither an expression nor a plain value, and a name that is none", () => {
  expect(() => field("a").plus({} as never)).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID", message: "an expression or a plain value is expected, got an object" }));
  expect(() => field(5 as never)).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID" }));
});
