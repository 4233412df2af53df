import { describe, expect, it } from "vitest";
import type { CheckpointStore } from "../contracts/checkpoint-store.ts";
import { metricNames } from "../contracts/metric-names.ts";
import { StreamFlowError } from "../errors.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { MemoryStorage, memoryStores } from "../testing/memory-stores.ts";
import { buildScenario, partitions } from "./exactly-once.fixture.ts";

describe("what an executor measures", () => {
  it("counts records, and measures every checkpoint with the state of each node", async () => {
    const driver = new PipelineDriver({ build: buildScenario({ kinds: ["sink-first"], mode: "sync", coPartitioned: true }), brokers: { in: { partitions } } });
    await driver.start();
    driver.push([{ k: "a", n: 1 }, { k: "b", n: 2 }]);
    await driver.checkpoint();
    const { metrics } = driver.world;
    const pipeline = "sums";
    expect(metrics.counter(metricNames.recordsIn.name, "", { pipeline, node: "broker" }).value).toBe(2);
    expect(metrics.counter(metricNames.checkpoints.name, "", { pipeline }).value).toBe(1);
    for (const { name } of [metricNames.checkpointDuration, metricNames.checkpointPause]) expect(metrics.values(name, { pipeline })).toEqual([expect.any(Number)]);
    expect(metrics.gauge(metricNames.stateBytes.name, "", { pipeline, node: "sum" }).value).toBeGreaterThan(0);
    expect(driver.run().progress()).toMatchObject({ recordsIn: 2, recordsOut: 2, epoch: 1, stateEntries: 2 });
  });

  it("counts checkpoints that were given up; the pipeline restarts, and what they held is committed later", async () => {
    const storage = new MemoryStorage();
    let failures = 1;
    const driver: PipelineDriver = new PipelineDriver({
      build: buildScenario({ kinds: ["sink-first"], mode: "async", coPartitioned: true }),
      brokers: { in: { partitions } },
      stores: ({ clock }) => {
        const stores = memoryStores(clock, storage);
        const publish: CheckpointStore["publish"] = (pipeline, checkpoint) => {
          if (failures-- > 0) throw new StreamFlowError("SF_DISK_FULL", "full");
          return stores.checkpoints.publish(pipeline, checkpoint);
        };
        return { ...stores, checkpoints: new Proxy(stores.checkpoints, { get: (target, name) => (name === "publish" ? publish : bound(target, name)) }) };
      },
    });
    await driver.start();
    driver.push([{ k: "a", n: 1 }]);
    await driver.advance(100);
    expect(driver.world.metrics.counter(metricNames.checkpointsFailed.name, "", { pipeline: "sums" }).value).toBe(1);
    expect(driver.values("out0")).toEqual([]);
    await driver.advance(5_000);
    expect(driver.values("out0")).toEqual(["a=1"]);
    expect(driver.run().restarts).toBe(1);
    expect([...(storage.checkpoints.of("sums").segments.keys())].length).toBe(1);
  });
});

function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name, target);
  return typeof member === "function" ? member.bind(target) : member;
}
