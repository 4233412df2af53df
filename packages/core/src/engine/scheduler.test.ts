import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Choice, chooseNext, type ScheduleOptions, type Slot, turnRecords } from "./scheduler.ts";
import type { PartitionTask } from "./task.ts";

type Given = Partial<Omit<Slot, "task">> & { readonly ordinal?: number; readonly watermarkMs?: number; readonly ended?: boolean };

function slot({ ordinal = 0, watermarkMs = -Infinity, ended = false, ...rest }: Given = {}): Slot {
  return { task: { ordinal, watermarkMs, ended } as PartitionTask, rank: 0, strict: false, isIdle: false, isParked: false, rest: undefined, ...rest };
}

const options: ScheduleOptions = { maxRecords: 4_096, maxDriftMs: Infinity, isBounded: true };
const choose = (given: readonly Given[], other: Partial<ScheduleOptions> = {}): number | "wait" | "done" => {
  const slots = given.map((one, rank) => slot({ rank, ...one }));
  const choice: Choice = chooseNext(slots, { ...options, ...other });
  return typeof choice === "string" ? choice : slots.indexOf(choice.slot);
};

describe("whose turn it is", () => {
  it("the partition with the fewest turns, then the first", () => {
    expect(choose([{ ordinal: 5 }, { ordinal: 0 }])).toBe(0);
    expect(choose([{ ordinal: turnRecords }, { ordinal: turnRecords - 1 }])).toBe(1);
    expect(choose([{ ordinal: turnRecords }, { ordinal: 2 * turnRecords - 1 }])).toBe(0);
  });

  it("a turn ends after a fixed number of records, wherever batches were cut; a single partition has no turns", () => {
    const read = (slots: readonly Slot[]): Choice => chooseNext(slots, options);
    expect(read([slot({ ordinal: 1_000 }), slot({ rank: 1 })])).toMatchObject({ maxRecords: turnRecords - 1_000 });
    expect(read([slot({ ordinal: 1_000 })])).toMatchObject({ maxRecords: 4_096 });
  });

  it("a live partition with nothing to read is passed over; one that is bounded and repeatable is waited for", () => {
    expect(choose([{ isIdle: true }, { ordinal: 10_000 }])).toBe(1);
    expect(choose([{ isIdle: true, strict: true }, { ordinal: 10_000, strict: true }])).toBe("wait");
    expect(choose([{ isIdle: true }])).toBe("wait");
  });

  it("nothing is left when all have ended; a source that may get partitions later is waited for", () => {
    expect(choose([{ ended: true }, { ended: true }])).toBe("done");
    expect(choose([])).toBe("done");
    expect(choose([], { isBounded: false })).toBe("wait");
  });
});

describe("a bound on drift", () => {
  const drift = { maxDriftMs: 100 };

  it("holds partitions that are further ahead than the slowest allows", () => {
    expect(choose([{ watermarkMs: 201 }, { watermarkMs: 100, ordinal: 10_000 }], drift)).toBe(1);
    expect(choose([{ watermarkMs: 200 }, { watermarkMs: 100, ordinal: 10_000 }], drift)).toBe(0);
    expect(choose([{ watermarkMs: 201 }, { ordinal: 10_000 }], drift)).toBe(1);
  });

  it("does not wait for a live partition that has nothing, or for one that has ended", () => {
    expect(choose([{ watermarkMs: 500 }, { watermarkMs: 0, isIdle: true }], drift)).toBe(0);
    expect(choose([{ watermarkMs: 500 }, { watermarkMs: 0, ended: true }], drift)).toBe(0);
  });

  it("a partition that is parked at the end of its replay does not hold those that must still reach theirs", () => {
    expect(choose([{ watermarkMs: 0, isParked: true }, { watermarkMs: 500 }], drift)).toBe(1);
  });

  it("does not depend on which of several bounded files has loaded first", () => {
    const slow = { watermarkMs: 0, strict: true, ordinal: 10_000 };
    const fast = { watermarkMs: 500, strict: true };
    expect(choose([fast, slow], drift)).toBe(1);
    expect(choose([fast, { ...slow, isIdle: true }], drift)).toBe("wait");
  });
});

it("bounded partitions are read in one order, whatever sizes batches have and whenever they are ready", () => {
  const order = (lengths: readonly number[], cuts: () => number, ready: () => boolean): string => {
    const slots = lengths.map((_, rank) => slot({ rank, strict: true }));
    const runs: string[] = [];
    for (;;) {
      for (const one of slots) one.isIdle = !ready();
      const choice = chooseNext(slots, options);
      if (choice === "done") break;
      if (choice === "wait") continue;
      const { task, rank } = choice.slot;
      const left = lengths[rank]! - task.ordinal;
      if (left === 0) task.ended = true;
      const count = Math.min(left, choice.maxRecords, cuts());
      task.ordinal += count;
      for (let i = 0; i < count; i++) runs.push(String(rank));
    }
    return runs.join("");
  };
  const lengths = fc.array(fc.nat(3 * turnRecords), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(lengths, fc.infiniteStream(fc.integer({ min: 1, max: 5_000 })), fc.infiniteStream(fc.boolean()), (given, sizes, flags) => {
      expect(order(given, () => sizes.next().value as number, () => flags.next().value as boolean)).toBe(order(given, () => 4_096, () => true));
    }),
    { numRuns: 30 },
  );
});
