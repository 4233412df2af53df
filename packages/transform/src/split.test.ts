import { OperatorHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { splitOperator } from "./split.ts";
import { unionOperator } from "./union.ts";

const outputs = { even: (n: number) => n % 2 === 0, small: (n: number) => n < 3 };

describe("split", () => {
  it("sends a record to the first output whose condition holds, the rest to main", () => {
    const harness = new OperatorHarness(splitOperator, { outputs });
    for (const n of [1, 2, 3, 4]) harness.push(n);
    expect([harness.values("even"), harness.values("small"), harness.values()]).toEqual([[2, 4], [1], [3]]);
  });

  it("sends a record to each output in mode all", () => {
    const harness = new OperatorHarness(splitOperator, { outputs, mode: "all" });
    for (const n of [1, 2, 3, 4]) harness.push(n, { key: n });
    expect([harness.values("even"), harness.values("small"), harness.values()]).toEqual([[2, 4], [1, 2], [3]]);
  });

  it("sends a record nowhere when a condition throws", () => {
    const harness = new OperatorHarness(splitOperator, { outputs: { a: () => true, b: (n: number) => (n as unknown as string).trim() === "" }, mode: "all" });
    harness.push(1);
    expect([harness.values("a"), harness.values(), harness.rejected.length]).toEqual([[], [], 1]);
  });

  it("names its outputs, and refuses names that exist already", () => {
    expect(typeof splitOperator.outputs === "function" && splitOperator.outputs({ outputs })).toEqual(["even", "small", "main"]);
    for (const bad of [{}, { main: () => true }, { rejected: () => true }]) {
      expect(() => new OperatorHarness(splitOperator, { outputs: bad })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    }
  });
});

describe("union", () => {
  it("hands records on as they are", () => {
    const record = {};
    expect(new OperatorHarness(unionOperator, {}).push(record, { timestampMs: 3 }).take()[0]).toMatchObject({ timestampMs: 3, value: record });
  });
});
