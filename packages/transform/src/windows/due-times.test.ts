import type { Timers } from "@streamflow/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { DueTimes } from "./due-times.ts";

/** Timers that come in order while event time moves. */
class TestTimers {
  readonly times = new Set<number>();
  set = 0;

  setEvent = (timeMs: number): void => {
    this.set++;
    this.times.add(timeMs);
  };

  advance(watermarkMs: number, fire: (timeMs: number) => void): void {
    for (;;) {
      const next = Math.min(Infinity, ...this.times);
      if (next > watermarkMs || next === Infinity) return;
      this.times.delete(next);
      fire(next);
    }
  }
}

it("every key comes at its time, those of one time together, whatever moves on meanwhile (property)", () => {
  const step = fc.record({ moveMs: fc.oneof(fc.nat(3), fc.nat(200)), key: fc.nat(8), aheadMs: fc.integer({ min: 1, max: 300 }), putOff: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 50 }), (steps, tickMs) => {
      const timers = new TestTimers();
      const wanted = new Map<number, number>();
      const seen: [number, number][] = [];
      const expected: [number, number][] = [];
      const due: DueTimes = new DueTimes({
        timers: timers as unknown as Timers,
        tickMs,
        stillDue(key, timeMs) {
          const now = wanted.get(key as number)!;
          if (now !== timeMs) due.set(now, key);
          return now === timeMs;
        },
      });
      const advance = (watermarkMs: number): void => {
        const ended = [...wanted].filter(([, timeMs]) => timeMs <= watermarkMs).map(([key, timeMs]): [number, number] => [timeMs, key]);
        expected.push(...ended.sort(([a, x], [b, y]) => a - b || x - y));
        timers.advance(watermarkMs, (timeMs) => {
          const keys = (due.take(timeMs) as number[]).filter((key) => {
            const now = wanted.get(key);
            if (now !== undefined && now > timeMs) due.set(now, key);
            return now === timeMs;
          });
          for (const key of [...new Set(keys)].sort((a, b) => a - b)) {
            wanted.delete(key);
            seen.push([timeMs, key]);
          }
        });
      };
      let nowMs = -500;
      for (const { moveMs, key, aheadMs } of steps) {
        const before = wanted.get(key);
        wanted.set(key, Math.max(before ?? -Infinity, nowMs + aheadMs));
        if (before === undefined) due.set(nowMs + aheadMs, key);
        advance((nowMs += moveMs));
      }
      advance(Infinity);
      expect(seen).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

it("D1: what is put off for long costs a timer per tick at most", () => {
  const timers = new TestTimers();
  let wanted = 0;
  const due: DueTimes = new DueTimes({ timers: timers as unknown as Timers, tickMs: 100, stillDue: (key, timeMs) => timeMs === wanted || (due.set(wanted, key), false) });
  due.set((wanted = 1_000), "a");
  for (let nowMs = 1; nowMs <= 10_000; nowMs++) {
    wanted = nowMs + 1_000;
    timers.advance(nowMs, (timeMs) => expect(due.take(timeMs)).toEqual([]));
  }
  expect(timers.set).toBeLessThan(20);
});
