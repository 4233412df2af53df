import { expect, it } from "vitest";
import { nullable, t } from "./constructors.ts";
import { equalTypes, formatType } from "./format-type.ts";

it("writes types as YAML does", () => {
  expect(formatType(undefined)).toBe("unknown");
  const type = t.struct({ id: t.int64(), "my field": nullable(t.list(nullable(t.string()))), price: t.decimal(10, 2), by: t.map(t.string(), t.struct({})), rest: t.any() });
  expect(formatType(type)).toBe('{ id: int64, "my field": [string?]?, price: decimal(10, 2), by: map(string, {}), rest: any? }');
});

it("tells types apart by every part", () => {
  const types = [
    t.string(), nullable(t.string()), t.int32(), t.decimal(5, 2), t.decimal(5, 1), t.list(t.int32()), t.list(t.string()), t.map(t.string(), t.int32()), t.map(t.string(), t.string()),
    t.map(t.int32(), t.int32()), t.struct({}), t.struct({ a: t.int32() }), t.struct({ b: t.int32() }), t.struct({ a: t.string() }), t.struct({ a: t.int32(), b: t.int32() }), t.struct({ b: t.int32(), a: t.int32() }), t.any(),
  ];
  for (const [i, a] of types.entries()) for (const [j, b] of types.entries()) expect(equalTypes(a, structuredClone(b)), `${formatType(a)} ${formatType(b)}`).toBe(i === j);
});
