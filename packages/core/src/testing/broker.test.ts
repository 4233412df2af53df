import { describe, expect, it } from "vitest";
import { Broker } from "./broker.ts";
import { registerConformance } from "./conformance/case.ts";
import { sourceConformance } from "./conformance/source.ts";
import type { SourceGroup } from "./conformance/source-trial.ts";

function values(partition: string, count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => ({ id: `${partition}-${i}` }));
}

/** The other member never starts: what it owns, nobody reads. */
const group: SourceGroup<Broker> = {
  revoke: (broker, partition) => broker.move(partition, "other"),
  lose: (broker, partition) => broker.take(partition, "other"),
  assign: (broker, partition) => broker.move(partition, "main"),
};

describe("bounded broker", () => {
  registerConformance(
    it,
    sourceConformance<Broker>({
      capabilities: { replayable: true, bounded: true, deterministic: true },
      create: (records) => {
        const broker = new Broker({ partitions: ["a", "b", "empty"], bounded: true });
        broker.push("a", values("a", records - 21));
        broker.push("b", values("b", 21));
        broker.end();
        return broker;
      },
      source: (broker) => broker.source(),
      expected: () => new Map([["a", values("a", 479)], ["b", values("b", 21)], ["empty", []]]),
      group,
    }),
  );
});

describe("unbounded broker", () => {
  registerConformance(
    it,
    sourceConformance<Broker>({
      capabilities: { replayable: true, bounded: false, deterministic: true, singlePartition: true },
      create: (records) => {
        const broker = new Broker();
        broker.push("0", values("0", records));
        return broker;
      },
      source: (broker) => broker.source(),
      expected: () => new Map([["0", values("0", 500)]]),
      group,
    }),
  );
});

it("a partition that nobody knows is said", () => {
  expect(() => new Broker().push("1", [1])).toThrow('there is no partition "1"');
});
