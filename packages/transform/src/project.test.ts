import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { projectOperator } from "./project.ts";

const fields = { who: { kind: "field", path: ["name"] }, old: (r: { age: number }) => r.age > 60 } as const;

describe("project", () => {
  it("makes a record of the named fields; a missing one is null", () => {
    const harness = new OperatorHarness(projectOperator, { fields });
    harness.push({ name: "Ada", age: 36, more: 1 }).push({ age: 70 });
    expect(harness.values()).toEqual([{ who: "Ada", old: false }, { who: null, old: true }]);
  });

  it("names the field that failed", () => {
    const harness = new OperatorHarness(projectOperator, { fields: { a: (r: { deep: { x: number } }) => r.deep.x } });
    harness.push({});
    expect(harness.rejected[0]?.error.message).toContain('field "a" of project "operator"');
  });

  it("gives the types that it knows", () => {
    const schema = { type: "struct", fields: [{ name: "name", type: { type: "string" } }] } as const;
    const { shape } = new OperatorHarness(projectOperator, { fields }, { inputShapes: [{ schema, key: undefined, time: true, changes: "insert" }] });
    expect(shape.outputs["main"]?.schema).toEqual({ type: "struct", fields: [{ name: "who", type: { type: "string" } }, { name: "old", type: { type: "any", nullable: true } }] });
    expect(shape.reads).toEqual(["all"]);
  });
});
