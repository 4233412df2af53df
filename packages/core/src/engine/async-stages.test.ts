import { expect, it } from "vitest";
import { type AnsweredStage, AsyncStages } from "./async-stages.ts";

function scene() {
  const soon: (() => void)[] = [];
  let wakes = 0;
  const stages = new AsyncStages({
    clock: { soon: (run) => void soon.push(run) }, cursor: { timestampMs: NaN, key: undefined, change: 0, index: -1 }, signal: new AbortController().signal,
    inHand: { origin: undefined, item: "", take: () => undefined }, wake: () => void wakes++,
  });
  const order: number[] = [];
  const stage = (rank: number, then: () => void = () => undefined): AnsweredStage => {
    const letOut = (): void => {
      order.push(rank);
      then();
    };
    return { rank, isOpen: false, letOut };
  };
  return { stages, soon, order, stage, get wakes() { return wakes; } };
}

it("tells answers once for each turn, however many come", () => {
  const one = scene();
  const stage = one.stage(0);
  for (let i = 0; i < 10; i++) one.stages.answered(stage);
  expect(one.soon).toHaveLength(1);
  one.soon.pop()?.();
  expect(one.wakes).toBe(1);
  one.stages.answered(stage);
  expect(one.soon).toHaveLength(1);
});

it("hands on upstream first, and what became ready meanwhile", () => {
  const { stages, order, stage } = scene();
  const last = stage(7);
  stages.answered(last);
  stages.answered(stage(2, () => stages.answered(last)));
  stages.answered(stage(5));
  stages.letOut();
  expect(order).toEqual([2, 5, 7]);
  expect(stages.isReady).toBe(false);
});

it("`next` resolves when there are answers, at once where there are some, and when woken", async () => {
  const { stages, soon, stage } = scene();
  const waits = stages.next();
  expect(stages.isWaiting).toBe(true);
  stages.answered(stage(0));
  soon.pop()?.();
  await waits;
  expect(stages.isWaiting).toBe(false);
  await stages.next();
  stages.letOut();
  const woken = stages.next();
  stages.wake();
  await woken;
});

it("has one set of places for a node, whatever its partitions", () => {
  const { stages } = scene();
  expect(stages.slotsOf("ask", 3)).toBe(stages.slotsOf("ask", 3));
  expect(stages.slotsOf("other", 1)).not.toBe(stages.slotsOf("ask", 3));
  stages.slotsOf("other", 1).open = 1;
  expect(stages.isFull).toBe(true);
});
