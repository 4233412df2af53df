import type { Expression, StageOperator } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { keyBy, type KeyByConfig, keyByOperator } from "./key-by.ts";

const config = (stage: { readonly operator?: StageOperator }): KeyByConfig => stage.operator?.description.config as unknown as KeyByConfig;
const keys = (stage: { readonly operator?: StageOperator }, records: readonly unknown[]): unknown[] => {
  const harness = new OperatorHarness(keyByOperator, config(stage));
  for (const record of records) harness.push(record);
  expect(harness.rejected).toEqual([]);
  return harness.take().map(({ key }) => key);
};

const field = (name: string): Expression => ({ kind: "field", path: [name] });

describe("keyBy", () => {
  it("keys by a field, by several, or by a computation, and leaves the record as it is", () => {
    const record = { a: 1, b: "x" };
    expect(keys(keyBy("a"), [record])).toEqual([1]);
    expect(keys(keyBy(["a", "b"]), [record])).toEqual([{ a: 1, b: "x" }]);
    expect(keys(keyBy((r: typeof record) => r.a > 0), [record])).toEqual([true]);
  });

  it("reads a missing field as null, which is a key", () => {
    expect(keys(keyBy("a"), [{}, { a: null }, { a: undefined }])).toEqual([null, null, null]);
    expect(keys(keyBy(["a", "b"]), [{ b: 1 }])).toEqual([{ a: null, b: 1 }]);
  });

  it("rejects values that cannot be keys", () => {
    const harness = new OperatorHarness(keyByOperator, { key: (r: unknown) => r });
    const good = [NaN, -0, 1n, "", new Uint8Array([1]), [1, "a"], { a: { b: null } }];
    const bad = [new Date(0), new Map(), () => 1, { a: new Set() }, Symbol("s")];
    for (const value of [...good, ...bad]) harness.push(value);
    expect(harness.take()).toHaveLength(good.length);
    expect(harness.rejected.map(({ error }) => error.code)).toEqual(bad.map(() => "SF_KEY_INVALID"));
  });

  it("tells the key's type, its fields and whether it is co-partitioned", () => {
    const schema = { type: "struct", fields: [{ name: "a", type: { type: "int32" } }, { name: "s", type: { type: "struct", fields: [{ name: "x", type: { type: "bool" } }] } }, { name: "m", type: { type: "map", key: { type: "string" }, value: { type: "string" } } }] } as const;
    const shapeOf = (key: KeyByConfig): unknown => new OperatorHarness(keyByOperator, key, { inputShapes: [{ schema, key: undefined, time: true, changes: "insert" }] }).shape.outputs["main"]?.key;
    expect(shapeOf(config(keyBy("a", { coPartitioned: true })))).toEqual({ type: { type: "int32" }, fields: ["a"], coPartitioned: true });
    expect(shapeOf(config(keyBy(["a"])))).toEqual({ type: { type: "int32" }, fields: ["a"], coPartitioned: false });
    expect(shapeOf({ key: [field("a"), (r: unknown) => r] })).toEqual({ type: undefined, fields: ["a", "key2"], coPartitioned: false });
    expect(shapeOf({ key: { ...field("s") } })).toEqual({ type: { type: "struct", fields: [{ name: "x", type: { type: "bool" } }] }, fields: ["x"], coPartitioned: false });
    expect(() => shapeOf(config(keyBy("m")))).toThrow(expect.objectContaining({ code: "SF_KEY_INVALID" }));
    expect(() => shapeOf(config(keyBy(["a", "a"])))).toThrow(expect.objectContaining({ code: "SF_KEY_INVALID" }));
  });
});
