import { expect, it } from "vitest";
import { nextTurn } from "../node/turn.ts";
import { type Call, CallSlots } from "./call-slots.ts";

/** Calls that are answered by hand; those named in `atOnce` need no promise. */
function scene(limit: number, atOnce: readonly number[] = []) {
  const slots = new CallSlots(limit);
  const begun: number[] = [];
  const settled: (readonly [id: number, state: string, result: unknown])[] = [];
  const answers = new Map<number, PromiseWithResolvers<unknown>>();
  const push = (id: number): void => {
    const call: Call = {
      begin: () => {
        begun.push(id);
        if (atOnce.includes(id)) return call.settle("answered", id) as undefined;
        answers.set(id, Promise.withResolvers());
        return answers.get(id)?.promise;
      },
      settle: (state, result) => void settled.push([id, state, result]),
    };
    const answer = slots.hasRoom ? call.begin() : undefined;
    if (answer !== undefined) slots.run(call, answer);
    else if (!settled.some(([done]) => done === id)) slots.wait(call);
  };
  return { slots, begun, settled, answers, push };
}

it("ASY-1: begins as many calls as there are places, and the others in the order in which they came", async () => {
  const { begun, settled, answers, push } = scene(2, [3]);
  for (const id of [0, 1, 2, 3, 4, 5]) push(id);
  expect(begun).toEqual([0, 1]);
  answers.get(1)?.resolve("one");
  await nextTurn();
  expect([begun, settled]).toEqual([[0, 1, 2], [[1, "answered", "one"]]]);
  answers.get(2)?.reject("no");
  await nextTurn();
  // 3 answers at once, so its place is free again.
  expect([begun, settled.slice(1)]).toEqual([[0, 1, 2, 3, 4], [[2, "failed", "no"], [3, "answered", 3]]]);
  answers.get(0)?.resolve("zero");
  answers.get(4)?.resolve("four");
  await nextTurn();
  answers.get(5)?.resolve("five");
  await nextTurn();
  expect(settled.map(([id]) => id)).toEqual([1, 2, 3, 0, 4, 5]);
});

it("has room again when calls have ended, and begins nothing more once it is closed", async () => {
  const { slots, begun, answers, push } = scene(1);
  push(0);
  expect(slots.hasRoom).toBe(false);
  answers.get(0)?.resolve(0);
  await nextTurn();
  expect(slots.hasRoom).toBe(true);
  push(1);
  push(2);
  slots.close();
  answers.get(1)?.resolve(1);
  await nextTurn();
  expect(begun).toEqual([0, 1]);
});

it("is full while as many records are open as may be called at once", () => {
  const slots = new CallSlots(2);
  slots.open = 1;
  expect(slots.isFull).toBe(false);
  slots.open = 2;
  expect(slots.isFull).toBe(true);
});
