import { expect, it } from "vitest";
import type { Schema } from "../schema.ts";
import { t } from "../types/constructors.ts";
import { field, lit } from "./builder.ts";
import { forbidCodeGeneration, mayGenerateCode } from "./code-generation.ts";
import { compiledOnce } from "./compiled-once.ts";
import type { Expression } from "./expression.ts";
import { standardFunctionTable } from "./function-table.ts";

const schema = t.struct({ n: t.int32() });
const compiled = (expression: Expression, of: Schema = schema): object => compiledOnce(expression, of, standardFunctionTable);

it("equal expressions over one schema are compiled once; others, and over other schemas, apart", () => {
  expect(compiled(field("n").gt(1))).toBe(compiled(field("n").gt(1)));
  expect(compiled(field("n").gt(1))).not.toBe(compiled(field("n").gt(1), t.struct({ n: t.int64() })));
  const literals = [0, -0, 1, "1", 1n, true, "true", null, "null", Infinity, -Infinity, NaN, "NaN"].map((value) => compiled(lit(value)));
  expect(new Set(literals).size).toBe(literals.length);
  expect((literals[1] as { evaluate(record: unknown): unknown }).evaluate({})).toBe(-0);
});

it.skipIf(!mayGenerateCode())("what must not be code is not what was code before", () => {
  const before = compiled(field("n").plus(1));
  forbidCodeGeneration(true);
  try {
    expect(compiled(field("n").plus(1))).not.toBe(before);
  } finally {
    forbidCodeGeneration(false);
  }
});

it("what cannot work is refused each time", () => {
  for (const _ of [1, 2]) expect(() => compiled(field("m"))).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID" }));
});

it("of very many expressions over one schema some are compiled each time", () => {
  const of = t.struct({ n: t.int32() });
  const all = Array.from({ length: 300 }, (_, i) => compiled(lit(i), of));
  expect([compiled(lit(0), of) === all[0], compiled(lit(299), of) === all[299]]).toEqual([true, false]);
});
