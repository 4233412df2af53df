import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { filterOperator } from "./filter.ts";

describe("filter", () => {
  it("hands on the same record where the condition is true; false, null and undefined leave it out", () => {
    const answers = [true, false, null, undefined];
    const records = answers.map((answer) => ({ answer }));
    const harness = new OperatorHarness(filterOperator, { where: (r: { answer: boolean | null | undefined }) => r.answer });
    for (const record of records) harness.push(record);
    const values = harness.values();
    expect(values).toHaveLength(1);
    expect(values[0]).toBe(records[0]);
    expect(harness.rejected).toEqual([]);
  });

  it("rejects other answers and thrown errors; a promise, which would always be true, fails", () => {
    const harness = new OperatorHarness(filterOperator, { where: (n: number) => (n === 1 ? (1 as never) : n === 2 ? (undefined as never as { x: boolean }).x : (Promise.resolve(false) as never)) });
    harness.push(1).push(2);
    expect(harness.rejected.map(({ error }) => error.code)).toEqual(["SF_TYPE_MISMATCH", "SF_STAGE_FAILED"]);
    expect(() => harness.push(3)).toThrow(expect.objectContaining({ code: "SF_STAGE_PROMISE" }));
  });

  it("refuses a condition that is known not to be one", () => {
    const inputShapes = [{ schema: { type: "struct", fields: [{ name: "delay", type: { type: "int32" } }] }, key: undefined, time: false, changes: "insert" }] as const;
    expect(() => new OperatorHarness(filterOperator, { where: { kind: "field", path: ["delay"] } }, { inputShapes })).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
  });

  it("reads only the fields of its expression, and forwards the record", () => {
    const { shape } = new OperatorHarness(filterOperator, { where: { kind: "field", path: ["late"] } });
    expect(shape).toMatchObject({ reads: [[["late"]]], forwards: true });
  });
});
