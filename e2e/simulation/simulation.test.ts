// A few schedules in every test run, always the same ones; `npm run simulate` runs as many others as one likes.
import { type Guarantee, withBroken } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { Checker } from "./check.ts";
import { crashPoints, drawSchedule, quietPoint, type Schedule, type Step } from "./schedule.ts";
import { count, emptyTally } from "./tally.ts";

it("gives under every schedule what a run without faults gives", async () => {
  const checker = new Checker();
  const tally = emptyTally();
  for (let seed = 1; seed <= 150; seed++) {
    const { difference, outcome } = await checker.check(drawSchedule(seed));
    expect(difference, `schedule ${seed}`).toBeUndefined();
    if (outcome !== undefined) count(tally, outcome);
  }
  expect(tally.full).toBe(150);
}, 120_000);

it.each(crashPoints)("ends a process at %s, and its successor mends it", async (point) => {
  const checker = new Checker();
  for (let seed = 1; seed <= 40; seed++) {
    const schedule = endingAt(point, drawSchedule(seed));
    const { difference, outcome } = await checker.check(schedule);
    expect(difference, JSON.stringify(schedule)).toBeUndefined();
    if (outcome?.crashes.includes(point) === true) return;
  }
  expect.fail("no schedule comes to this point");
});

/** The schedule with this point in place of those at which it ends processes. */
function endingAt(point: string, schedule: Schedule): Schedule {
  const visit = { what: "crash", point, visit: 1, power: schedule.seed % 2 === 0 } as const;
  // Without a crash of its own a schedule is completed by one at the quiet point.
  const steps = schedule.steps.flatMap((step): readonly Step[] => (step.what !== "crash" ? [step] : point === quietPoint ? [] : [visit]));
  return { ...schedule, steps, sinks: point === "test-sink.prepared" ? ["store-first", "sink-first"] : ["sink-first", "files"] };
}

it("runs a schedule again exactly", async () => {
  const checker = new Checker();
  const first = await checker.check(drawSchedule(7));
  expect(await checker.check(drawSchedule(7))).toEqual(first);
});

/** The first ones; for what one of them in a thousand shows, those that can show it. */
function schedulesFor(guarantee: Guarantee): readonly Schedule[] {
  if (guarantee !== "newest-aborts") return Array.from({ length: 400 }, (_, at) => drawSchedule(at + 1));
  const stopsBetween = ({ steps }: Schedule): boolean => steps.some((step) => step.what === "takeover" && step.point === "recovery.after-sink-recover");
  return Array.from({ length: 9_000 }, (_, at) => drawSchedule(at + 1)).filter((schedule) => stopsBetween(schedule) && schedule.sinks.join() === "sink-first,files");
}

const guarantees: readonly Guarantee[] = ["barrier", "commit-after-publish", "sink-decides", "positions-in-transaction", "fence", "newest-aborts", "late-rule"];

it.each(guarantees)("differs without %s, and is shrunk to what shows it", async (guarantee) => {
  const checker = new Checker();
  // What is expected is known before anything is switched off.
  const schedules = schedulesFor(guarantee);
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
