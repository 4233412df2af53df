import { expect, it } from "vitest";
import type { Shape } from "./contracts/operator.ts";
import { fakeOperator, keyed } from "./plan/plan.fixture.ts";
import { Pipeline } from "./pipeline.ts";
import { operatorStage } from "./stage.ts";

const doubling = fakeOperator("doubling", {}, { create: (_config: never, { emit }) => ({ inputs: [(value) => emit((value as number) * 2)] }) });
const shape: Shape = { schema: undefined, key: undefined, time: true, changes: "insert" };

async function* endless(seen: { released: boolean }): AsyncGenerator<number> {
  try {
    for (let i = 1; ; i++) yield i;
  } finally {
    seen.released = true;
  }
}

it("STG-1: answers the shape of its output for that of its input", () => {
  const keyBy = operatorStage<number, number>(fakeOperator("keyBy", { output: keyed }), { type: "keyBy", config: {} });
  expect(keyBy.validate({ name: "p" }, shape)).toEqual({ ...shape, ...keyed });
});

it("STG-1: a pipeline asks an operator for its shape once, and a stage that validates by itself as well, first", () => {
  const asked: string[] = [];
  const definition = fakeOperator("counted");
  const counted = operatorStage<number, number>({ ...definition, shape: (...given) => (asked.push("shape"), definition.shape(...given)) }, { type: "counted", config: {} });
  new Pipeline<number>({ name: "p" }).addStage(counted);
  expect(asked).toEqual(["shape"]);
  const own = { ...counted, validate: () => void asked.push("validate") };
  new Pipeline<number>({ name: "p" }).addStage(own);
  expect(asked).toEqual(["shape", "validate", "shape"]);
});

it("STG-2, STG-3: runs by itself over any stream, pulled one by one, and ends it", async () => {
  const seen = { released: false };
  const results: number[] = [];
  for await (const value of operatorStage<number, number>(doubling, { type: "doubling", config: {} }).process(endless(seen))) {
    results.push(value);
    if (results.length === 3) break;
  }
  expect([results, seen.released]).toEqual([[2, 4, 6], true]);
});

it("STG-3: throws for a value that the operator rejects", async () => {
  const { StreamFlowError } = await import("./errors.ts");
  const picky = fakeOperator("picky", {}, { create: (_config: never, { reject }) => ({ inputs: [(value) => reject(new StreamFlowError("SF_TYPE_MISMATCH", "no"), value)] }) });
  await expect(operatorStage<number, number>(picky, { type: "picky", config: {} }).process(endless({ released: false }))[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "SF_TYPE_MISMATCH" });
});

it("says that an operator which needs a key cannot run by itself", async () => {
  const count = operatorStage<number, number>(fakeOperator("count", { needsKey: true }), { type: "count", config: {} });
  const run = async (): Promise<unknown> => count.process(endless({ released: false }))[Symbol.asyncIterator]().next();
  await expect(run()).rejects.toMatchObject({ code: "SF_PLAN_INVALID" });
});
