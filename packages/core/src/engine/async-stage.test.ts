import { describe, expect, it } from "vitest";
import type { AsyncWork, Cursor } from "../contracts/operator.ts";
import { nextTurn } from "../node/turn.ts";
import { AsyncStage } from "./async-stage.ts";
import { AsyncStages, type Kept } from "./async-stages.ts";
import { Gate } from "./gate.ts";
import { Origin } from "./in-hand.ts";

/** One stage: numbers are answered by hand, everything else at once. */
function scene({ ordered = true, concurrency = 4, mark = "" } = {}) {
  const cursor: Cursor = { timestampMs: NaN, key: undefined, change: 0, index: -1 };
  const inHand = { origin: undefined as Kept | undefined, item: "", take(origin?: Kept, item = "") { Object.assign(inHand, { origin, item }); } };
  let wakes = 0;
  const abort = new AbortController();
  const stages = new AsyncStages({ clock: { soon: (run) => queueMicrotask(run) }, cursor, signal: abort.signal, inHand, wake: () => void wakes++ });
  const [gate, output] = [new Gate(), new Gate()];
  gate.feeds(output);
  const out: unknown[] = [];
  const answers = new Map<unknown, PromiseWithResolvers<unknown>>();
  const work: AsyncWork = {
    ordered, concurrency,
    call: (value) => {
      if (value === "bad") throw new RangeError("bad");
      if (typeof value !== "number") return value;
      answers.set(value, Promise.withResolvers());
      return answers.get(value)?.promise;
    },
    answered: (result, value) => out.push([value, result, output.watermarkMs, { ...cursor }]),
    failed: (thrown, value) => out.push([value, String(thrown), output.watermarkMs, { ...cursor }]),
  };
  let settledTimes = 0;
  const stage = new AsyncStage(stages, { node: "ask", work, gate, output, place: { rank: 0, mark, settleTime: () => void settledTimes++ } });
  gate.listen({ nextTimerMs: Infinity, advance: () => stage.advance() });
  const push = (value: unknown, known: Partial<Cursor> = {}): void => {
    Object.assign(cursor, { timestampMs: NaN, key: undefined, change: 0, index: -1 }, known);
    stage.push(value);
  };
  /** Answers, and hands on what may go on. */
  const answer = async (...values: readonly number[]): Promise<readonly Kept[]> => {
    for (const value of values) answers.get(value)?.resolve(-value);
    await nextTurn();
    return stages.letOut();
  };
  const values = (): readonly unknown[] => out.map((one) => (one as readonly unknown[])[0]);
  return { stage, stages, gate, output, out, values, push, answer, answers, inHand, abort, get wakes() { return wakes; }, get settledTimes() { return settledTimes; } };
}

it("A1, A2: answers wait for `letOut`, and records go on as they came", async () => {
  const one = scene();
  one.push(1, { timestampMs: 5, key: "a", change: 2, index: 7 });
  one.push(2, { timestampMs: 6, key: "b", change: 1, index: 8 });
  one.answers.get(1)?.resolve("one");
  one.answers.get(2)?.reject(new RangeError("two"));
  await nextTurn();
  expect([one.out, one.stages.isReady, one.wakes]).toEqual([[], true, 1]);
  one.stages.letOut();
  expect(one.out).toEqual([
    [1, "one", -Infinity, { timestampMs: 5, key: "a", change: 2, index: 7 }],
    [2, "RangeError: two", -Infinity, { timestampMs: 6, key: "b", change: 1, index: 8 }],
  ]);
  expect([one.stages.isReady, one.stage.isOpen, one.settledTimes]).toEqual([false, false, 1]);
});

it("ASY-6: what is answered at once goes on at once, behind nothing; what fails at once too", () => {
  const { push, values, stages, stage } = scene();
  push("a");
  push("bad");
  expect([values(), stages.isReady, stage.isOpen]).toEqual([["a", "bad"], false, false]);
});

describe("ASY-3", () => {
  it("ordered: an answer waits for those before it, one that is there at once too", async () => {
    const { push, values, answer } = scene();
    for (const value of [1, "a", 2, "bad", 3]) push(value);
    await answer(3, 2);
    expect(values()).toEqual([]);
    await answer(1);
    expect(values()).toEqual([1, "a", 2, "bad", 3]);
  });

  it("unordered: answers go on as they come", async () => {
    const { push, values, answer } = scene({ ordered: false });
    for (const value of [1, "a", 2, 3]) push(value);
    expect(values()).toEqual(["a"]);
    await answer(3);
    await answer(1, 2);
    expect(values()).toEqual(["a", 3, 1, 2]);
  });

  it("unordered: a record that is not ahead of its watermark waits for it, so that it is as late as it was", async () => {
    const { push, gate, out, answer } = scene({ ordered: false });
    push(1, { timestampMs: 10 });
    gate.advance(10);
    push(2, { timestampMs: 11 });
    push(3, { timestampMs: 10 });
    await answer(2, 3);
    expect(out.map((one) => (one as readonly unknown[]).slice(0, 3))).toEqual([[2, -2, -Infinity]]);
    await answer(1);
    expect(out.map((one) => (one as readonly unknown[]).slice(0, 3))).toEqual([[2, -2, -Infinity], [1, -1, -Infinity], [3, -3, 10]]);
  });
});

describe("A3, ASY-4: the watermark behind", () => {
  for (const ordered of [true, false]) {
    it(`${ordered ? "ordered" : "unordered"}: follows the oldest record on its way, then the one in front`, async () => {
      const { push, gate, output, answer } = scene({ ordered });
      gate.advance(1);
      push(1);
      gate.advance(2);
      push(2);
      gate.advance(3);
      expect(output.watermarkMs).toBe(1);
      await answer(2);
      expect(output.watermarkMs).toBe(1);
      await answer(1);
      expect(output.watermarkMs).toBe(3);
      gate.advance(Infinity);
      expect(output.watermarkMs).toBe(Infinity);
    });
  }

  it("names timers behind it to the gate in front again, when nothing is on its way", async () => {
    const { push, gate, output, answer } = scene();
    output.listen({ nextTimerMs: 50, advance: () => undefined });
    push(1);
    output.lower(50);
    gate.settle();
    expect(gate.nextTimerMs).toBe(Infinity);
    await answer(1);
    expect(gate.nextTimerMs).toBe(50);
  });
});

describe("what records are made from", () => {
  const origin = (over: () => void = () => undefined): Origin => new Origin({} as never, {} as never, over);

  it("is kept while they are on their way, and in hand when they go on", async () => {
    let overs = 0;
    const { push, inHand, out, answer } = scene({ ordered: false });
    const [one, two] = [origin(() => overs++), origin(() => overs++)];
    const seen: unknown[] = [];
    inHand.take(one);
    push(1, { index: 0 });
    inHand.take(two);
    push(2, { index: 0 });
    inHand.take();
    one.leave();
    two.leave();
    expect(overs).toBe(0);
    const { take } = inHand;
    inHand.take = (of, item) => {
      seen.push(of);
      take(of, item);
    };
    for (const gone of await answer(2, 1)) gone.leave();
    expect([seen, out.length, overs]).toEqual([[two, one], 2, 2]);
  });

  it("counts what is made of one record, and names another way through the plan", async () => {
    for (const [mark, names] of [["", ["", "/.1", ""]], ["ask", ["/ask.0", "/ask.1", "/ask.0"]]] as const) {
      const { push, inHand, answer } = scene({ mark });
      const items: string[] = [];
      inHand.take(origin());
      push(1, { index: 3 });
      push(2, { index: 3 });
      push(3, { index: 4 });
      inHand.take();
      const { take } = inHand;
      inHand.take = (of, item) => {
        items.push(item ?? "none");
        take(of, item);
      };
      await answer(1, 2, 3);
      expect(items).toEqual(names);
    }
  });

  it("is nothing for what a timer has made", async () => {
    const { push, inHand, answer } = scene();
    inHand.take(origin());
    push(1, { index: -1 });
    inHand.take();
    expect(await answer(1)).toEqual([]);
  });
});

it("once closed it hands on nothing, and its places are free", async () => {
  const { stage, stages, push, answers, values } = scene({ concurrency: 2 });
  push(1);
  push(2);
  expect([stages.isFull, stages.isOpen]).toEqual([true, true]);
  stage.close();
  expect([stages.isFull, stages.isOpen]).toEqual([false, false]);
  answers.get(1)?.resolve(1);
  await nextTurn();
  stages.letOut();
  expect([values(), stages.isReady]).toEqual([[], false]);
});

it("keeps the order of thousands, with a queue that does not grow", async () => {
  const { push, values, answer } = scene({ concurrency: 5000 });
  const all = Array.from({ length: 3000 }, (_, i) => i);
  for (const value of all) push(value);
  await answer(...all.toReversed());
  expect(values()).toEqual(all);
});
