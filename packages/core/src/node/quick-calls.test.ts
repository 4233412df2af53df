import { describe, expect, it } from "vitest";
import { QuickCalls } from "./quick-calls.ts";

/** How many calls in a row others do. */
function away(calls: QuickCalls): number {
  let count = 0;
  for (; !calls.areHere; count++) calls.wentAway();
  return count;
}

describe("quick calls", () => {
  it("are done by the calling thread", () => {
    const calls = new QuickCalls();
    for (let i = 0; i < 100; i++) {
      expect(calls.areHere).toBe(true);
      calls.took(1.2, 1 << 20);
    }
  });

  it("send others away when two in a row were slow, longer each time, up to a bound; a quick one forgets it", () => {
    const calls = new QuickCalls();
    const counts: number[] = [];
    for (let i = 0; i < 8; i++) {
      calls.took(5, 1 << 20);
      expect(away(calls)).toBe(0);
      calls.took(5, 1 << 20);
      counts.push(away(calls));
    }
    expect(counts).toEqual([16, 32, 64, 128, 256, 512, 1_024, 1_024]);
    calls.took(0.1, 4_096);
    for (let i = 0; i < 10; i++) {
      calls.took(0.6, 4_096);
      expect(away(calls)).toBe(0);
      calls.took(0.4, 4_096);
    }
    for (const _ of [1, 2]) calls.took(0.6, 4_096);
    expect(away(calls)).toBe(16);
  });
});
