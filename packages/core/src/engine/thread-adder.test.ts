import { describe, expect, it } from "vitest";
import type { Adder } from "../contracts/thread-program.ts";
import { mayGenerateCode } from "../plan/code-generation.ts";
import { adder } from "./thread-adder.ts";

const here = (name: string): string => new URL(name, import.meta.url).href;
const timed = { id: "time", type: "eventTime", config: { timestamp: { kind: "field", path: ["at"] }, outOfOrdernessMs: 2, maxFutureMs: 100 }, module: here("./thread-adder.ts") };
const input = { schema: undefined, key: undefined, time: false, changes: "insert" } as const;

function make(type: string = "addUp"): Promise<Adder> {
  return adder({ input, stages: [timed, { id: "sum", type, config: {}, module: here("./thread-operators.fixture.ts") }], nowMs: 1_000 });
}

const columns = (n: readonly unknown[], at: readonly unknown[]): Parameters<Adder>[0] => ({ length: n.length, columns: [{ name: "n", values: n }, { name: "at", values: at }] });

// Where no code may be generated there are no columns, and so no range that a thread decodes.
describe.runIf(mayGenerateCode())("an adder", () => {
  it("A1: runs the stages over each range alone; event time does not reach the one that adds up", async () => {
    const add = await make();
    expect(add(columns([7, 8], [40, 30]))).toEqual({ watermarkMs: 37, dueMs: 5, content: Float64Array.of(7, 40, -Infinity, 8, 30, -Infinity) });
    expect(add(columns([9], [1]))).toEqual({ watermarkMs: -2, dueMs: 5, content: Float64Array.of(9, 1, -Infinity) });
    expect(add(columns([], []))).toEqual({ watermarkMs: -Infinity, dueMs: 5, content: new Float64Array(0) });
  });

  it.each([
    ["a record without event time", [1, 2], [3, null]],
    ["one too far ahead of when the source was opened", [1, 2], [3, 1_101]],
    ["one that is rejected", [1, "reject"], [3, 4]],
    ["something that is emitted", [1, "emit"], [3, 4]],
    ["an operator that fails", [1, "throw"], [3, 4]],
    ["numbers that cannot be told", [-1, 2], [3, 4]],
  ])("A2: has nothing to say of a range with %s, and goes on", async (_what, n, at) => {
    const add = await make();
    expect(add(columns(n, at))).toBeUndefined();
    expect(add(columns([5], [6]))).toEqual({ watermarkMs: 3, dueMs: 5, content: Float64Array.of(5, 6, -Infinity) });
  });

  it("takes no operator that its module does not have", async () => {
    await expect(make("another")).rejects.toMatchObject({ code: "SF_INTERNAL", message: expect.stringContaining('has no operator "another"') as string });
  });
});
