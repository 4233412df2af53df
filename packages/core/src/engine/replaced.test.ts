// An owner that is stopped in the middle of its recovery, and wakes up when another one has taken over: it may undo nothing of what that one has done.
import { expect, it } from "vitest";
import { Pipeline } from "../pipeline.ts";
import { PipelineDriver } from "../testing/driver.ts";
import type { RecordingSinkKind } from "../testing/recording-sink.ts";
import { withBroken } from "./broken.ts";

const kinds: readonly (readonly RecordingSinkKind[])[] = [["sink-first", "store-first"], ["sink-first", "remembering"], ["store-first"], ["sink-first"]];

/** Where the old owner is stopped, and at which of its points the new one is when it wakes up. */
const moments = ["recovery.after-acquire", "recovery.after-fence", "recovery.after-sink-recover", "recovery.after-recover"].flatMap((stopped) =>
  ["checkpoint.after-prepare", "checkpoint.after-publish", "checkpoint.after-commit-transaction", "checkpoint.after-committed"].map((wakes) => ({ stopped, wakes })));

interface Case {
  readonly sinks: readonly RecordingSinkKind[];
  readonly stopped: string;
  readonly wakes: string;
}

const cases: readonly Case[] = kinds.flatMap((sinks) => moments.map((moment) => ({ sinks, ...moment })));

it.each(cases)("sinks $sinks, stopped at $stopped, awake at $wakes", async ({ sinks, stopped, wakes }) => {
  expect(await outcome({ sinks, stopped, wakes })).toEqual({ values: sinks.map(() => [1, 2, 3]), isAlive: true });
});

it("newest-aborts, switched off on purpose, is missed", async () => {
  const differing = await withBroken("newest-aborts", async () => {
    const found: Case[] = [];
    for (const one of cases) {
      const { values } = await outcome(one).catch(() => ({ values: [] }));
      if (values.some((seen) => seen.join() !== "1,2,3") || values.length === 0) found.push(one);
    }
    return found;
  });
  expect(differing.length).toBeGreaterThan(0);
});

async function outcome({ sinks, stopped, wakes }: Case): Promise<{ readonly values: readonly (readonly unknown[])[]; readonly isAlive: boolean }> {
  const freezes = new Map([[stopped, "a"], [wakes, "b"]]);
  const driver: PipelineDriver = new PipelineDriver({
    faults: {
      reach(point) {
        const name = freezes.get(point);
        freezes.delete(point);
        if (name !== undefined) driver.freeze(name);
      },
    },
    build: (ends) => {
      const pipeline = new Pipeline({ name: "replaced", checkpoint: { everyMs: 100 } }).from(ends.source());
      sinks.forEach((kind, at) => pipeline.to(ends.sink(`out${at}`, kind), { id: `out${at}` }));
      return pipeline;
    },
  });
  driver.broker().give("0", "a");
  driver.push([1, 2]);
  await driver.start("a");
  driver.broker().give("0", "b");
  await driver.start("b");
  await driver.checkpoint("b");
  await driver.thaw("a");
  await driver.thaw("b");
  await driver.advance(500);
  driver.push([3]);
  await driver.checkpoint("b");
  return { values: sinks.map((_, at) => driver.values(`out${at}`)), isAlive: driver.isAlive("b") };
}
