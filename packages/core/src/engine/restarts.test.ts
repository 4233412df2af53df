import { expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Restarts } from "./restarts.ts";

const policy = { maxRestarts: 3, windowMs: 1_000, initialDelayMs: 100, maxDelayMs: 350 };
const error = new StreamFlowError("SF_INTERNAL", "broken");

it("counts the failures of the window, and forgets them when the run begins again, but not the last one", () => {
  const restarts = new Restarts();
  expect([0, 10, 1_005].map((atMs) => restarts.fail(error, atMs, policy.windowMs))).toEqual([1, 2, 2]);
  restarts.count = 2;
  restarts.reset();
  expect(restarts.count).toBe(0);
  expect(restarts.lastError).toBe(error);
  expect(restarts.fail(error, 1_006, policy.windowMs)).toBe(1);
});

it("waits twice as long each time, up to a bound, half of it by chance", () => {
  const restarts = new Restarts();
  const delays = [0, 1, 2, 3].map((atMs) => {
    restarts.fail(error, atMs, policy.windowMs);
    return [restarts.delayMs(policy, 0), restarts.delayMs(policy, 1)];
  });
  expect(delays).toEqual([[50, 100], [100, 200], [175, 350], [175, 350]]);
});

it("a wait ends by the clock, or when it is ended", async () => {
  const clock = new ManualClock();
  const restarts = new Restarts();
  for (const end of [() => clock.advance(50), () => restarts.endWait()]) {
    const wait = restarts.wait(clock, 50);
    expect(restarts.isWaiting).toBe(true);
    end();
    await wait;
    expect(restarts.isWaiting).toBe(false);
  }
  restarts.endWait();
});
