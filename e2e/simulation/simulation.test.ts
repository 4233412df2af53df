// A few schedules in every test run, always the same ones; `npm run simulate` runs as many others as one likes.
import { type Guarantee, withBroken } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { Checker } from "./check.ts";
import { crashPoints, drawSchedule, type Schedule } from "./schedule.ts";
import { count, emptyTally } from "./tally.ts";

it("gives under every schedule what a run without faults gives, and ends processes at every point", async () => {
  const checker = new Checker();
  const tally = emptyTally();
  for (let seed = 1; seed <= 250; seed++) {
    const { difference, outcome } = await checker.check(drawSchedule(seed));
    expect(difference, `schedule ${seed}`).toBeUndefined();
    if (outcome !== undefined) count(tally, outcome);
  }
  expect(tally.full).toBe(250);
  expect(Object.entries(tally.crashes).filter(([, times]) => times === 0)).toEqual([]);
  expect(Object.keys(tally.crashes).sort()).toEqual([...crashPoints].sort());
}, 120_000);

it("runs a schedule again exactly", async () => {
  const checker = new Checker();
  const first = await checker.check(drawSchedule(7));
  expect(await checker.check(drawSchedule(7))).toEqual(first);
});

const guarantees: readonly Guarantee[] = ["barrier", "commit-after-publish", "sink-decides", "positions-in-transaction", "fence", "late-rule"];

it.each(guarantees)("differs without %s, and is shrunk to what shows it", async (guarantee) => {
  const checker = new Checker();
  // What is expected is known before anything is switched off.
  const schedules = Array.from({ length: 400 }, (_, at) => drawSchedule(at + 1));
  let failing: Schedule | undefined;
  let number = 0;
  for (const schedule of schedules) {
    await checker.prepare(schedule);
    number++;
    if ((await withBroken(guarantee, () => checker.check(schedule))).difference === undefined) continue;
    failing = schedule;
    break;
  }
  expect(failing).toBeDefined();
  const shrunk = await withBroken(guarantee, () => checker.shrink(failing!));
  console.log(`without ${guarantee}: schedule ${number}, shrunk ${failing!.steps.length} -> ${shrunk.steps.length} steps: ${JSON.stringify(shrunk.steps)}`);
  expect(shrunk.steps.length).toBeLessThanOrEqual(6);
}, 120_000);
