// Groups that break the promises about partitions: each is noticed by the case of its clause.
import { describe, expect, it } from "vitest";
import type { PartitionEvents, Source } from "../../contracts/source.ts";
import { Broker } from "../broker.ts";
import { failing } from "./failing.fixture.ts";
import { sourceConformance } from "./source.ts";

type Change = (events: PartitionEvents) => Partial<PartitionEvents>;
const sizes: Readonly<Record<string, number>> = { a: 400, b: 100 };

function values(partition: string): unknown[] {
  return Array.from({ length: sizes[partition] ?? 0 }, (_, i) => ({ id: `${partition}-${i}` }));
}

function changed(source: Source, change: Change): Source {
  return { ...source, open: (context) => source.open({ ...context, partitions: { ...context.partitions, ...change(context.partitions) } }) };
}

function cases(change: Change) {
  return sourceConformance<Broker>({
    capabilities: { replayable: true, bounded: true, deterministic: true },
    create: () => {
      const broker = new Broker({ partitions: Object.keys(sizes), bounded: true });
      for (const name of Object.keys(sizes)) broker.push(name, values(name));
      broker.end();
      return broker;
    },
    source: (broker) => changed(broker.source(), change),
    expected: () => new Map(Object.keys(sizes).map((name) => [name, values(name)])),
    group: {
      revoke: (broker, partition) => broker.move(partition, "other"),
      lose: (broker, partition) => broker.take(partition, "other"),
      assign: (broker, partition) => broker.move(partition, "main"),
    },
  });
}

describe("broken groups", () => {
  const broken: readonly (readonly [string, string, Change])[] = [
    ["PRT-1", "starts where it likes", (events) => ({ assigned: async (given) => new Map([...(await events.assigned(given))].map(([name]) => [name, undefined])) })],
    ["PRT-1", "counts no generations", (events) => ({ assigned: (given) => events.assigned(given.map(({ partition }) => ({ partition, generation: 1 }))) })],
    ["PRT-2", "does not wait for the reader", (events) => ({ revoked: async (names, deadlineMs) => void events.revoked(names, deadlineMs).catch(() => undefined) })],
    ["PRT-2", "takes everything away at once", (events) => ({ revoked: (_names, deadlineMs) => events.revoked(Object.keys(sizes), deadlineMs) })],
    ["PRT-2", "gives no time", (events) => ({ revoked: (names) => events.revoked(names, 0) })],
    ["PRT-3", "revokes what is lost", (events) => ({ lost: (names) => void events.revoked(names, 1000) })],
    ["PRT-4", "assigns everything again", (events) => {
      let times = 0;
      return { assigned: (given) => events.assigned(++times === 1 ? given : Object.keys(sizes).map((partition) => ({ partition, generation: times }))) };
    }],
  ];
  it.each(broken)("%s: one that %s", async (id, _what, change) => {
    expect(await failing(cases(change), id)).toEqual(new Set([id]));
  });

  it("a sound one is not blamed", async () => {
    expect(await failing(cases(() => ({})))).toEqual(new Set());
  });
});
