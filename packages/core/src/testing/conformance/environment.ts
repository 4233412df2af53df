// The clauses of the environment's parts as checks: clock, randomness, memory budget.
import assert from "node:assert/strict";
import type { Clock, MemoryBudget, Random } from "../../contracts/environment.ts";
import { nextTurn } from "../../node/turn.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";
import { range } from "./store-trial.ts";

/** What the suite needs of a clock. */
export interface ClockHarness {
  create(): Clock;
  /** Lets this much of the clock's monotonic time pass, at least. Keep real clocks alive meanwhile: their timers do not. */
  pass(clock: Clock, ms: number): Promise<void>;
  /** Sets wall time, where it can be set. */
  setWall?(clock: Clock, nowMs: number): void;
}

/** Checks CLK-1 to CLK-5. CLK-4 needs a process of its own: see the tests of `systemClock`. */
export function clockConformance(harness: ClockHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => ({ clock: harness.create(), end: async () => undefined }));

  suite.add(["CLK-1", "wall time goes on with monotonic time"], async ({ clock }) => {
    const [wall, monotonic] = [clock.nowMs(), clock.monotonicMs()];
    await harness.pass(clock, 30);
    const [wallPassed, passed] = [clock.nowMs() - wall, clock.monotonicMs() - monotonic];
    assert.ok(Math.abs(wallPassed - passed) < 5, `${wallPassed} ms of wall time in ${passed} ms`);
    assert.ok(Number.isInteger(wall) && wall > 1.5e12, `UTC epoch milliseconds, got ${wall}`);
  });

  suite.add(
    ["CLK-1", "wall time may jump back; monotonic time and timers do not notice"],
    async ({ clock }) => {
      let fired = 0;
      clock.setTimer(20, () => fired++);
      const monotonic = clock.monotonicMs();
      harness.setWall?.(clock, 1000);
      assert.ok(clock.nowMs() < 2000, "wall time was set");
      assert.ok(clock.monotonicMs() >= monotonic);
      assert.equal(fired, 0);
      await harness.pass(clock, 20);
      assert.equal(fired, 1);
    },
    { name: "setWall", isMet: harness.setWall !== undefined },
  );

  suite.add(["CLK-2", "monotonic time never goes back"], async ({ clock }) => {
    const readings: number[] = [];
    for (const _ of range(5)) {
      for (const _again of range(100)) readings.push(clock.monotonicMs());
      await harness.pass(clock, 1);
    }
    assert.ok(readings.every((ms, i) => ms >= (readings[i - 1] ?? -Infinity)));
  });

  suite.add(["CLK-3", "timers fire once, never early, in order of due time, ties in order of setting"], async ({ clock }) => {
    const fired: string[] = [];
    const early: string[] = [];
    const set = (name: string, delayMs: number): void => {
      const dueMs = clock.monotonicMs() + delayMs;
      clock.setTimer(delayMs, () => {
        fired.push(name);
        if (clock.monotonicMs() < dueMs) early.push(name);
      });
    };
    for (const [name, delayMs] of [["e", 30], ["a", 0], ["c", 10.5], ["d", 10.6], ["b", 10]] as const) set(name, delayMs);
    await harness.pass(clock, 60);
    assert.deepEqual(fired, ["a", "b", "c", "d", "e"]);
    assert.deepEqual(early, []);
  });

  suite.add(["CLK-3", "a timer that is set by a timer fires in its own turn"], async ({ clock }) => {
    const fired: number[] = [];
    const again = (): void => {
      fired.push(fired.length);
      if (fired.length < 5) clock.setTimer(1, again);
    };
    clock.setTimer(1, again);
    await harness.pass(clock, 40);
    assert.deepEqual(fired, range(5));
  });

  suite.add(["CLK-3", "a cancelled timer never fires; cancelling twice or late is harmless"], async ({ clock }) => {
    const fired: string[] = [];
    const cancels = ["a", "b", "c"].map((name) => clock.setTimer(5, () => fired.push(name)));
    cancels[1]?.();
    cancels[1]?.();
    await harness.pass(clock, 20);
    for (const cancel of cancels) cancel();
    assert.deepEqual(fired, ["a", "c"]);
  });

  suite.add(["CLK-5", "soon runs once, later and without time passing"], async ({ clock }) => {
    let ran = 0;
    clock.soon(() => ran++);
    assert.equal(ran, 0, "not before the caller is done");
    await nextTurn();
    await nextTurn();
    assert.equal(ran, 1);
  });
  return suite.cases;
}

/** What the suite needs of a source of randomness. */
export interface RandomHarness {
  create(): Random;
  /** Makes one whose numbers follow from the seed, where that is possible. */
  seeded?(seed: number): Random;
}

/** Checks RND-1 and RND-2. */
export function randomConformance(harness: RandomHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => ({ random: harness.create(), end: async () => undefined }));

  suite.add(["RND-1", "numbers are in [0, 1) and spread evenly"], async ({ random }) => {
    const draws = 100_000;
    const buckets = range(100).map(() => 0);
    for (const _ of range(draws)) {
      const x = random.next();
      assert.ok(x >= 0 && x < 1, `in [0, 1), got ${x}`);
      const bucket = Math.floor(x * buckets.length);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // Chi-square with 99 degrees of freedom: above 180 once in a million runs.
    const expected = draws / buckets.length;
    const chiSquare = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chiSquare < 180, `chi-square ${chiSquare}`);
  });

  suite.add(
    ["RND-2", "one seed gives the same numbers, another one gives others"],
    async () => {
      const draw = (seed: number): readonly number[] => {
        const random = harness.seeded?.(seed);
        return range(50).map(() => random?.next() ?? NaN);
      };
      assert.deepEqual(draw(7), draw(7));
      assert.notDeepEqual(draw(7), draw(8));
    },
    { name: "seeded", isMet: harness.seeded !== undefined },
  );
  return suite.cases;
}

/** Checks BUD-1 to BUD-3 on budgets that `create` makes with a limit of so many bytes. */
export function memoryBudgetConformance(create: (limitBytes: number) => MemoryBudget): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => ({ budget: create(100), end: async () => undefined }));

  suite.add(["BUD-1", "what is taken never exceeds the limit"], async ({ budget }) => {
    assert.equal(budget.limitBytes, 100);
    assert.equal(budget.tryTake(60, 1), true);
    assert.equal(budget.tryTake(41, 60), false);
    assert.equal(budget.usedBytes, 60);
    assert.equal(budget.tryTake(40, 60), true);
    assert.equal(budget.tryTake(1, 100), false);
    assert.equal(budget.usedBytes, 100);
  });

  suite.add(["BUD-1", "a holder with nothing may always take one item, and no second one"], async ({ budget }) => {
    assert.equal(budget.tryTake(100, 0), true);
    assert.equal(budget.tryTake(500, 0), true);
    assert.equal(budget.usedBytes, 600);
    assert.equal(budget.tryTake(1, 500), false);
  });

  suite.add(["BUD-2", "what is given back can be taken again"], async ({ budget }) => {
    for (const _ of range(10)) {
      assert.equal(budget.tryTake(100, 1), true);
      budget.give(70);
      assert.equal(budget.usedBytes, 30);
      budget.give(30);
    }
    assert.equal(budget.usedBytes, 0);
  });

  suite.add(["BUD-3", "each waiter is called once when bytes come back, and not before"], async ({ budget }) => {
    const called: string[] = [];
    budget.tryTake(100, 0);
    budget.onFree(() => called.push("a"));
    budget.onFree(() => called.push("b"));
    await nextTurn();
    assert.deepEqual(called, []);
    budget.give(10);
    await nextTurn();
    assert.deepEqual([...called].toSorted((a, b) => (a < b ? -1 : 1)), ["a", "b"]);
    budget.give(10);
    await nextTurn();
    assert.equal(called.length, 2);
  });
  return suite.cases;
}
