import { describe, expect, it } from "vitest";
import { QuickReads } from "./quick-reads.ts";

/** How many reads in a row others do. */
function away(reads: QuickReads): number {
  let count = 0;
  for (; !reads.areHere; count++) reads.wentAway();
  return count;
}

describe("quick reads", () => {
  it("are done by the calling thread", () => {
    const reads = new QuickReads();
    for (let i = 0; i < 100; i++) {
      expect(reads.areHere).toBe(true);
      reads.took(1.2, 1 << 20);
    }
  });

  it("send others away when two in a row were slow, longer each time, up to a bound; a quick one forgets it", () => {
    const reads = new QuickReads();
    const counts: number[] = [];
    for (let i = 0; i < 8; i++) {
      reads.took(5, 1 << 20);
      expect(away(reads)).toBe(0);
      reads.took(5, 1 << 20);
      counts.push(away(reads));
    }
    expect(counts).toEqual([16, 32, 64, 128, 256, 512, 1_024, 1_024]);
    reads.took(0.1, 4_096);
    for (let i = 0; i < 10; i++) {
      reads.took(0.6, 4_096);
      expect(away(reads)).toBe(0);
      reads.took(0.4, 4_096);
    }
    for (const _ of [1, 2]) reads.took(0.6, 4_096);
    expect(away(reads)).toBe(16);
  });
});
