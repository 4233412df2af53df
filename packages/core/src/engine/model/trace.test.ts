// The engine against the model: what it does to stores and sinks under crashes and frozen owners, step by step, is something that the model does too.
import { expect, it } from "vitest";
import { type Guarantee, withBroken } from "../broken.ts";
import type { SinkKind } from "./protocol.fixture.ts";
import { Follower, TracedDriver } from "./trace.fixture.ts";

interface Case {
  readonly sinks: readonly SinkKind[];
  readonly isAsync: boolean;
  /** Where the first process is struck. */
  readonly point: string;
  readonly visit: number;
  /** Ended, or stopped until another one has taken over and committed. */
  readonly how: "crash" | "freeze";
}

const points = [
  ...["before-flush", "after-flush", "after-prepare", "before-store", "after-store", "before-publish", "after-publish", "before-commit-transaction", "after-commit-transaction", "after-commit-prepared", "after-committed"].map((name) => `checkpoint.${name}`),
  ...["after-acquire", "after-fence", "after-sink-recover", "after-recover"].map((name) => `recovery.${name}`),
];
const sinkSets: readonly (readonly SinkKind[])[] = [["store-first"], ["sink-first"], ["sink-first", "store-first"], ["sink-first", "sink-first"]];

const cases: readonly Case[] = sinkSets.flatMap((sinks) =>
  [false, true].flatMap((isAsync) => (["crash", "freeze"] as const).flatMap((how) => points.flatMap((point) => [1, 2].map((visit) => ({ sinks, isAsync, how, point, visit }))))));

const followers = new Map<string, Follower>();

function followerOf({ sinks, isAsync }: Case): Follower {
  const key = `${sinks.join()} ${isAsync}`;
  const follower = followers.get(key) ?? new Follower({ sinks, records: 3, owners: 3, isAsync, isEndless: true });
  followers.set(key, follower);
  return follower;
}

/** Runs a case; answers what it did that the model does not do. */
async function run(one: Case): Promise<string | undefined> {
  const { sinks, isAsync, point, visit, how } = one;
  let visits = 0;
  const traced: TracedDriver = new TracedDriver({ sinks, isAsync }, (reached) => {
    if (reached === point && ++visits === visit) driver[how]("a");
  });
  const { driver, trace } = traced;
  driver.broker().give("0", "a");
  driver.push([1]);
  await driver.start("a");
  await driver.checkpoint("a");
  driver.push([2]);
  await driver.advance(150);
  driver.broker().give("0", "b");
  if (!driver.isAlive("a") || visits >= visit) await goOn(traced, how);
  const at = followerOf(one).refusedAt(trace);
  return at === undefined ? undefined : `${trace.slice(0, at).join("; ")} | ${trace[at]}`;
}

async function goOn({ driver }: TracedDriver, how: Case["how"]): Promise<void> {
  // A clock that was being moved when the process was struck is now where it was to come to: leases have not run out yet.
  driver.world.clock.advance(60_000);
  await driver.start("b");
  driver.push([3]);
  await driver.checkpoint("b");
  if (how === "freeze") await driver.thaw("a");
  await driver.advance(150);
}

it("does what the model does, whatever happens", async () => {
  const refused: string[] = [];
  for (const one of cases) {
    const found = await run(one);
    if (found !== undefined) refused.push(`${JSON.stringify(one)}: ${found}`);
  }
  console.log(`${cases.length} runs`);
  expect(refused).toEqual([]);
}, 120_000);

const guarantees: readonly Guarantee[] = ["barrier", "commit-after-publish", "sink-decides", "positions-in-transaction", "fence"];

it.each(guarantees)("does something else without %s", async (guarantee) => {
  const found = await withBroken(guarantee, async () => {
    for (const one of cases) {
      const refused = await run(one).catch(() => undefined);
      if (refused !== undefined) return refused;
    }
    return undefined;
  });
  console.log(`without ${guarantee}: ${found}`);
  expect(found).toBeDefined();
}, 120_000);
