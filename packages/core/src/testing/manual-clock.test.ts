import { describe, expect, it } from "vitest";
import type { Clock } from "../contracts/environment.ts";
import { registerConformance } from "./conformance/case.ts";
import { clockConformance } from "./conformance/environment.ts";
import { ManualClock } from "./manual-clock.ts";

const manual = (clock: Clock) => clock as ManualClock;

describe("manual clock", () => {
  registerConformance(
    it,
    clockConformance({ create: () => new ManualClock(), pass: async (clock, ms) => manual(clock).advance(ms), setWall: (clock, nowMs) => manual(clock).setWall(nowMs) }),
  );

  it("stands still until it is moved", () => {
    const clock = new ManualClock({ startMs: 1000 });
    let fired = 0;
    clock.setTimer(10, () => fired++);
    clock.advance(9);
    expect([clock.nowMs(), clock.monotonicMs(), fired, clock.pendingTimers, clock.nextTimerInMs]).toEqual([1009, 9, 0, 1, 1]);
    clock.advance(1);
    expect([fired, clock.pendingTimers, clock.nextTimerInMs]).toEqual([1, 0, undefined]);
  });

  it("fires timers at their own time, also those set by timers", () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    clock.setTimer(10, () => {
      fired.push(clock.monotonicMs());
      clock.setTimer(5, () => fired.push(clock.monotonicMs()));
    });
    clock.advance(100);
    expect(fired).toEqual([10, 15]);
    expect(clock.monotonicMs()).toBe(100);
  });

  it("advanceAsync lets promise callbacks run between timers", async () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    const loop = (async () => {
      for (let i = 0; i < 3; i++) {
        await new Promise<void>((resolve) => void clock.setTimer(10, resolve));
        fired.push(clock.monotonicMs());
      }
    })();
    await clock.advanceAsync(100);
    await loop;
    expect(fired).toEqual([10, 20, 30]);
  });

  it("advanceToNext jumps to the first timer, and says when there is none", async () => {
    const clock = new ManualClock();
    clock.setTimer(86_400_000, () => undefined);
    expect(await clock.advanceToNext()).toBe(true);
    expect(clock.monotonicMs()).toBe(86_400_000);
    expect(await clock.advanceToNext()).toBe(false);
  });

  it("does not go back", () => {
    expect(() => new ManualClock().advance(-1)).toThrow(/>= 0 ms, got -1/);
  });
});
