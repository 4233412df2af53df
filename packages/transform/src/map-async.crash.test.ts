// Calls under way while the process dies, is paused, loses a partition or ends: nothing is lost or doubled in the sinks.
import { type Clock, Pipeline } from "@streamflow/core";
import { type DriverEnds, PipelineDriver, type RecordingSinkKind, ScriptedFaults, withBroken } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { aggregate, keyBy, mapAsync, sum } from "./index.ts";

interface Item {
  readonly id: number;
  readonly key: string;
  readonly n: number;
}

interface Setting {
  readonly ordered: boolean;
  readonly mode: "sync" | "async";
  readonly kind: RecordingSinkKind;
  /** Records are counted by key behind an exchange. */
  readonly isCounted: boolean;
}

const partitions: readonly string[] = ["0", "1"];

/** What a service would be: it takes between 1 and 40 ms of the world's time. */
class Service {
  clock: Clock | undefined;
  readonly calls = new Map<number, number>();
  underWay = 0;
  most = 0;

  readonly ask = async (item: Item): Promise<Item> => {
    this.calls.set(item.id, (this.calls.get(item.id) ?? 0) + 1);
    this.most = Math.max(this.most, ++this.underWay);
    await new Promise<void>((resolve) => this.clock?.setTimer(1 + ((item.id * 17) % 40), resolve));
    this.underWay--;
    return { ...item, n: item.n * 10 };
  };
}

function build({ ordered, mode, kind, isCounted }: Setting, service: Service): (ends: DriverEnds) => Pipeline<Item, unknown> {
  return (ends) => {
    const pipeline = new Pipeline({ name: "asked", checkpoint: { everyMs: 50, mode, keep: 2 }, batch: { maxRecords: 3 }, unboundedState: true });
    const asked = pipeline.from(ends.source<Item>()).addStage(mapAsync(service.ask, { concurrency: 4, ordered }));
    if (isCounted) return asked.addStage(keyBy<Item>("key")).addStage(aggregate({ n: sum((item: Item) => item.n) })).to(ends.sink("out", kind));
    return asked.to(ends.sink("out", kind));
  };
}

async function run(setting: Setting, faults?: ScriptedFaults): Promise<{ readonly driver: PipelineDriver; readonly service: Service }> {
  const service = new Service();
  let hasCrashed = false;
  const once = {
    reach: (point: string): void => {
      if (hasCrashed) return;
      try {
        faults?.reach(point);
      } catch (error) {
        hasCrashed = true;
        throw error;
      }
    },
  };
  const driver = new PipelineDriver({ build: build(setting, service), brokers: { in: { partitions, bounded: true } }, faults: once });
  service.clock = driver.world.environment.clock;
  const revive = async (): Promise<void> => {
    for (let tries = 0; tries < 3 && !driver.isAlive() && driver.run().state !== "finished"; tries++) await driver.restart();
  };
  await driver.start();
  for (let round = 0; round < 4; round++) {
    await revive();
    partitions.forEach((partition, at) => driver.push(Array.from({ length: 6 }, (_, i) => ({ id: round * 12 + at * 6 + i, key: `${partition}${i % 2}`, n: i })), partition));
    await driver.advance(30);
  }
  driver.broker().end();
  for (let tries = 0; tries < 20 && driver.run().state !== "finished"; tries++) {
    await revive();
    await driver.advance(100);
  }
  expect(driver.run().state).toBe("finished");
  return { driver, service };
}

function sorted(values: readonly unknown[]): readonly string[] {
  return values.map((value) => JSON.stringify(value)).toSorted();
}

/** The last sum of each key: what came before depends on the order in which records were counted. */
function totals(values: readonly unknown[]): unknown {
  return Object.fromEntries((values as readonly { readonly key: string; readonly n: number }[]).map(({ key, n }) => [key, n]));
}

for (const ordered of [true, false]) {
  for (const mode of ["sync", "async"] as const) {
    for (const [kind, isCounted] of [["sink-first", false], ["store-first", false], ["idempotent", false], ["sink-first", true]] as const) {
      const setting: Setting = { ordered, mode, kind, isCounted };
      it(`${ordered ? "ordered" : "unordered"}, ${mode}, ${kind}${isCounted ? ", behind an exchange" : ""}: a crash at any named point changes no output`, async () => {
        const watch = new ScriptedFaults();
        const { driver, service } = await run(setting, watch);
        const expected = sorted(driver.values());
        if (isCounted) expect(totals(driver.values())).toEqual({ "00": 240, "01": 360, "10": 240, "11": 360 });
        expect(expected).toHaveLength(48);
        expect(service.most).toBe(4);
        expect([...service.calls.values()].every((calls) => calls === 1)).toBe(true);
        expect(watch.visits.size).toBeGreaterThan(8);
        let repeated = 0;
        for (const [point, visits] of watch.visits) {
          for (const visit of new Set([1, Math.ceil(visits / 2), visits])) {
            const crashed = await run(setting, new ScriptedFaults({ at: { point, visit } }));
            const values = crashed.driver.values();
            if (isCounted) expect([values.length, totals(values)], `crash at visit ${visit} of ${point}`).toEqual([48, totals(driver.values())]);
            else expect(sorted(values), `crash at visit ${visit} of ${point}`).toEqual(expected);
            if ([...crashed.service.calls.values()].some((calls) => calls > 1)) repeated++;
          }
        }
        // Crashes did find calls under way, or answers that no checkpoint held yet.
        expect(repeated).toBeGreaterThan(3);
      }, 120_000);
    }
  }
}

it("calls-awaited: a checkpoint that does not wait for calls loses their records in a crash", async () => {
  const outcome = async (): Promise<number> => {
    const setting: Setting = { ordered: true, mode: "sync", kind: "sink-first", isCounted: false };
    const { driver } = await run(setting, new ScriptedFaults({ at: { point: "checkpoint.after-committed", visit: 1 } }));
    return driver.values().length;
  };
  expect(await outcome()).toBe(48);
  expect(await withBroken("calls-awaited", outcome)).toBeLessThan(48);
});

describe("awkward moments", () => {
  const setting: Setting = { ordered: false, mode: "async", kind: "sink-first", isCounted: false };
  async function begun(): Promise<{ readonly driver: PipelineDriver; readonly service: Service }> {
    const service = new Service();
    const driver = new PipelineDriver({ build: build(setting, service), brokers: { in: { partitions } } });
    service.clock = driver.world.environment.clock;
    await driver.start();
    driver.push([{ id: 1, key: "a", n: 1 }, { id: 2, key: "a", n: 2 }]);
    await driver.settle();
    expect(service.underWay).toBe(2);
    return { driver, service };
  }

  it("a pause waits for calls, and calls for nothing more", async () => {
    const { driver, service } = await begun();
    let isPaused = false;
    void driver.run().pause().then(() => (isPaused = true));
    await driver.settle();
    expect(isPaused).toBe(false);
    driver.push([{ id: 3, key: "a", n: 3 }]);
    await driver.advance(40);
    expect([isPaused, service.calls.size, driver.values().length]).toEqual([true, 2, 2]);
    driver.run().resume();
    await driver.advance(100);
    expect(driver.values()).toHaveLength(3);
  });

  it("a failure elsewhere ends a wait for calls that never answer, and aborts them", async () => {
    const aborted: number[] = [];
    const called: number[] = [];
    const driver = new PipelineDriver({
      brokers: { in: { partitions } },
      build: (ends) =>
        new Pipeline<number>({ name: "never" }).from(ends.source<number>()).addStage(mapAsync((n: number, signal) => {
          called.push(n);
          return new Promise<number>((_resolve, reject) => signal.addEventListener("abort", () => {
            aborted.push(n);
            reject(new RangeError("aborted"));
          }));
        }, { concurrency: 2 })).to(ends.sink()),
    });
    await driver.start();
    driver.push([1, 2, 3, 4]);
    expect(await driver.checkpoint()).toBe(undefined);
    expect(aborted).toEqual([]);
    await driver.broker().take("0", "other");
    await driver.advance(1);
    // What waited for them to end is not begun.
    expect([aborted, called]).toEqual([[1, 2], [1, 2]]);
  });

  it("a stop waits for calls", async () => {
    const { driver } = await begun();
    await driver.stop();
    expect(driver.run().state).not.toBe("stopped");
    await driver.advance(40);
    expect([driver.run().state, driver.values().length]).toEqual(["stopped", 2]);
  });

  it("a partition is let go when its calls are answered", async () => {
    const { driver, service } = await begun();
    await driver.start("other");
    let hasMoved = false;
    void driver.broker().move("0", "other").then(() => (hasMoved = true));
    await driver.settle();
    expect(hasMoved).toBe(false);
    await driver.advance(40);
    expect([hasMoved, driver.values().length]).toEqual([true, 2]);
    driver.push([{ id: 3, key: "a", n: 3 }]);
    await driver.advance(200);
    expect(sorted(driver.values())).toHaveLength(3);
    expect([...service.calls.values()]).toEqual([1, 1, 1]);
  });
});
