import { ManualClock } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { timed } from "./timed-call.ts";

function scene(call: (record: unknown, signal: AbortSignal) => unknown) {
  const clock = new ManualClock();
  const abort = new AbortController();
  return { clock, abort, call: (record: unknown) => timed(call, { clock, timeoutMs: 100, what: "it" })(record, abort.signal) };
}

it("leaves alone what comes at once: an answer, or an error", () => {
  const { call, clock } = scene((n) => {
    if (n === 2) throw new RangeError("two");
    return n;
  });
  expect(call(1)).toBe(1);
  expect(() => call(2)).toThrow("two");
  expect(clock.pendingTimers).toBe(0);
});

it("gives what the promise gives in time, and keeps no timer", async () => {
  const { call, clock } = scene((n) => (n === 2 ? Promise.reject(new RangeError("two")) : Promise.resolve(n)));
  await expect(call(1)).resolves.toBe(1);
  await expect(call(2)).rejects.toThrow("two");
  expect(clock.pendingTimers).toBe(0);
});

it("fails at the deadline, before the function hears of it; what it answers later is ignored", async () => {
  const answer = Promise.withResolvers<unknown>();
  const { call, clock } = scene((_n, signal) => {
    signal.addEventListener("abort", () => answer.resolve("late"));
    return answer.promise;
  });
  const result = expect(call(1)).rejects.toMatchObject({ code: "SF_STAGE_FAILED", message: "it did not answer within 100 ms" });
  clock.advance(99);
  clock.advance(1);
  await result;
});

it("aborts all calls under way with the caller's signal, none that has ended, and one that begins too late at once", async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const aborted: unknown[] = [];
  const answers = new Map<unknown, PromiseWithResolvers<unknown>>();
  const call = timed((n, signal) => {
    if (signal.aborted) aborted.push(n);
    signal.addEventListener("abort", () => aborted.push(n));
    answers.set(n, Promise.withResolvers());
    return answers.get(n)?.promise;
  }, { clock, timeoutMs: 100, what: "it" });
  const first = call(1, abort.signal);
  for (const n of [2, 3]) (call(n, abort.signal) as Promise<unknown>).catch(() => undefined);
  answers.get(1)?.resolve("one");
  expect(await first).toBe("one");
  abort.abort(new Error("over"));
  expect(aborted).toEqual([2, 3]);
  void call(4, abort.signal);
  expect(aborted).toEqual([2, 3, 4]);
});
