import { describe, expect, it } from "vitest";
import type { DataType } from "../schema.ts";
import { nullable, t } from "../types/constructors.ts";
import { formatType } from "../types/format-type.ts";
import { field, fn, lit, list, record } from "./builder.ts";
import { expressionType } from "./expression-check.ts";
import type { Expression } from "./expression.ts";
import { standardFunctionTable as functions } from "./function-table.ts";

const schema = t.struct({
  delay: t.float64(), late: nullable(t.float64()), n: t.int32(), count: t.int64(), origin: t.string(), note: nullable(t.string()), at: t.timestamp(), price: t.decimal(10, 2), ok: t.bool(),
  tags: t.list(t.string()), bid: nullable(t.struct({ price: t.int64() })), by: t.map(t.int64(), t.string()), rest: t.any(), bytes: t.bytes(),
});
const typeOf = (expression: Expression, type: DataType | undefined = schema): string => formatType(expressionType(expression, { schema: type, functions }));

describe("types", () => {
  it.each<[Expression, string]>([
    [field("delay"), "float64"], [field("bid", "price"), "int64?"], [field("rest", "a", "b"), "unknown"], [field("rest"), "unknown"], [field(), formatType(schema)],
    [field("n").plus(1), "float64"], [field("late").plus(1), "float64?"], [field("count").plus(field("n")), "int64"], [field("count").times(2), "int64"], [field("origin").plus("x"), "string"], [field("note").plus("x"), "string?"],
    [field("at").minus(field("at")), "float64"], [field("at").plus(1000), "timestamp"], [lit(5).plus(field("at")), "timestamp"], [field("at").minus(field("count")), "timestamp"],
    [field("price").plus(field("n")), "decimal(13, 2)"], [field("price").times(field("price")), "decimal(20, 4)"], [field("price").plus(0.125), "decimal(12, 3)"], [field("price").negated(), "decimal(10, 2)"],
    [field("late").gt(0), "bool"], [field("note").eq(null), "bool"], [field("ok").not(), "bool"], [field("rest").and(field("ok")), "bool"], [field("rest").plus(1), "unknown"],
    [field("note").orElse("x"), "string"], [field("note").orElse(null), "string?"], [field("count").orElse(0), "int64"], [field("ok").choose(1, 2.5), "float64"], [field("ok").choose("a", null), "string?"], [field("ok").choose("a", 1), "unknown"],
    [field("tags").item(0), "string?"], [field("by").item(5), "string?"], [list(1, 2.5), "[float64]"], [list("a", null), "[any?]"], [list(field("note")), "[string?]"], [list(), "[any?]"],
    [record({ a: field("delay"), b: field("rest") }), "{ a: float64, b: any? }"], [record({ a: field("delay") }).member("a"), "float64"],
    [fn("upper", field("origin")), "string"], [fn("upper", field("note")), "string?"], [fn("length", field("rest")), "int32?"], [fn("abs", field("n")), "float64"], [fn("abs", field("count")), "int64"], [fn("abs", field("price")), "decimal(10, 2)"],
    [fn("coalesce", field("note"), "x"), "string"], [fn("coalesce", field("note"), field("note")), "string?"], [fn("min", field("count"), 0), "int64"], [fn("at", field("tags"), 0), "string?"], [fn("truncate", field("at"), "day"), "timestamp"],
  ])("%s is %s", (expression, type) => {
    expect(typeOf(expression)).toBe(type);
  });

  it("of a record that is no struct", () => {
    expect(typeOf(field().plus(1), t.float64())).toBe("float64");
    expect(() => typeOf(field("x"), t.float64())).toThrow(expect.objectContaining({ message: 'the record is float64 and has no field "x", in `x`' }));
  });

  it("are unknown where the schema is", () => {
    expect(expressionType(field("x").plus(1), { schema: undefined, functions })).toBeUndefined();
    expect(expressionType(field("x").gt(1), { functions })).toEqual({ type: "bool" });
  });
});

describe("mistakes", () => {
  it.each<[Expression, string, string]>([
    [field("dealy").gt(0), 'there is no field "dealy", in `dealy`', 'did you mean "delay"?'],
    [field("zzzzzz"), 'there is no field "zzzzzz", in `zzzzzz`', "the fields are delay, late, n, count, origin, note, at, price, ok, tags, bid, by, rest, bytes"],
    [field("bid", "prize"), 'there is no field "prize", in `bid.prize`', 'did you mean "price"?'],
    [field("origin", "length"), '"origin" is string and has no field "length", in `origin.length`', "use length(text)"],
    [field("tags", "length"), '"tags" is [string] and has no field "length", in `tags.length`', "use size(list)"],
    [field("constructor"), 'there is no field "constructor"', "the fields are"],
    [field("delay").gt("0"), '">" does not take float64 and string, in `delay > "0"`', "convert with toNumber(…) or toString(…)"],
    [field("delay").gt(null), '">" does not take float64 and null', "compare values of one type"],
    [field("delay").eq("LAX"), "float64 and string are never equal, in `delay == \"LAX\"`", "convert with toNumber"],
    [field("at").gt("2024-01-01"), '">" does not take timestamp and string', "convert with toTimestamp(…)"],
    [field("at").gt(0), '">" does not take timestamp and int32', "compare with toTimestamp(…)"],
    [field("price").gt(field("delay")), '">" does not take decimal(10, 2) and float64', "convert the decimal with toNumber(…)"],
    [field("tags").lt(field("tags")), '"<" does not take [string] and [string]', "compare values of one type"],
    [field("origin").plus(1), '"+" does not take string and int32, in `origin + 1`', "join texts with concat(a, b), or convert with toNumber(…)"],
    [field("ok").plus(1), '"+" does not take bool and int32', "write (condition ? 1 : 0)"],
    [field("count").plus(field("delay")), '"+" does not take int64 and float64', "convert one side with toNumber(…) or toInt64(…)"],
    [field("price").plus(field("rest")), '"+" does not take decimal(10, 2) and unknown', "convert one side"],
    [field("origin").negated(), '"-" takes a number, got string, in `-origin`', "convert with toNumber(…)"],
    [field("origin").and(true), "a condition must be bool, got string", "write a comparison"],
    [field("n").choose(1, 2), "a condition must be bool, got int32", "write a comparison"],
    [field("origin").item(0), "string has no items, in `origin[0]`", "use substring"],
    [fn("uper", "x"), 'there is no function "uper"', 'did you mean "upper"?'],
    [fn("constructor"), 'there is no function "constructor"', "the functions are"],
    [fn("upper"), "upper takes 1 argument, got 0", "upper(text: string)"],
    [fn("substring", "a", 1, 2, 3), "substring takes 2 to 3 arguments, got 4", "substring(text: string, start: float64, end?: float64)"],
    [fn("upper", field("delay")), 'upper: "text" must be string, got float64', "upper(text: string)"],
    [fn("min", field("delay"), field("origin")), "min: the values must be of one type", "convert"],
    [fn("has", field("tags"), 5), "has: no item can be equal to the value", "has(in: list | map | struct, value: any)"],
    [fn("truncate", field("at"), "fortnight"), 'truncate: there is no unit "fortnight"', "the units are second, minute"],
    [fn("round", field("delay"), 20), 'round: "digits" must be from 0 to 15, got 20', "round("],
  ])("%s", (expression, message, hint) => {
    expect(() => typeOf(expression)).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID", message: expect.stringContaining(message) as string, hint: expect.stringContaining(hint) as string }));
  });
});

describe("what is no expression", () => {
  const deep = (levels: number): Expression => {
    let made: Expression = { kind: "field", path: ["ok"] };
    for (let i = 0; i < levels; i++) made = { kind: "unary", operator: "!", operand: made };
    return made;
  };

  it("is refused at 10,000 levels, without overflowing the stack, and taken at 400", () => {
    expect(() => typeOf(deep(10_000))).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID", message: "the expression is nested deeper than 500 levels" }));
    expect(typeOf(deep(400))).toBe("bool");
    const cycle = { kind: "unary", operator: "!" } as { operand?: unknown };
    cycle.operand = cycle;
    expect(() => typeOf(cycle as Expression)).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID" }));
  });

  it("is refused where it is shared so often that it never ends", () => {
    let made: Expression = { kind: "field", path: ["delay"] };
    for (let i = 0; i < 100; i++) made = { kind: "binary", operator: "+", left: made, right: made };
    expect(() => typeOf(made)).toThrow(expect.objectContaining({ message: "the expression has more than 10000 parts" }));
  });

  it.each([
    [null], ["delay"], [{}], [{ kind: "constructor" }], [{ kind: "field" }], [{ kind: "field", path: [5] }], [{ kind: "literal" }], [{ kind: "literal", value: {} }], [{ kind: "literal", value: 2n ** 63n }],
    [{ kind: "unary", operator: "~", operand: lit(1) }], [{ kind: "binary", operator: "**", left: lit(1), right: lit(1) }], [{ kind: "binary", operator: "+", left: lit(1) }], [{ kind: "call", function: "upper" }],
    [{ kind: "object", entries: [["a", lit(1)], ["a", lit(2)]] }], [{ kind: "object", entries: [["a"]] }], [{ kind: "list", items: [undefined] }], [{ kind: "conditional", test: lit(true) }], [{ kind: "member", object: lit(1), name: 5 }],
  ])("is refused: %o", (expression) => {
    expect(() => expressionType(expression as never, { functions })).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID" }));
  });
});
