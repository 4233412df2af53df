import { expect, it } from "vitest";
import type { Batch, BatchTotals } from "../record.ts";
import type { FusedTask } from "./fused-task.ts";
import { Gate } from "./gate.ts";
import { PartitionTask } from "./task.ts";

/** A task that notes how it takes batches; something is due at `dueMs` behind its event time. */
function begin(dueMs: number, adds: boolean = true) {
  const took: string[] = [];
  const time = new Gate();
  time.listen({ get nextTimerMs() { return time.watermarkMs >= dueMs ? Infinity : dueMs; }, advance: (watermarkMs) => void (watermarkMs >= dueMs && took.push("fired")) });
  time.lower(dueMs);
  const totals = { take: () => undefined, add: ({ content }: BatchTotals) => adds && took.push(`totals ${content[0]}`) > 0 };
  const task = new PartitionTask({
    source: "in", partition: "0", cursor: { timestampMs: NaN, key: undefined, change: 0, index: -1 }, push: () => undefined, fused: { run: () => took.push("records") > 0 } as never as FusedTask,
    adding: { time, totals }, gate: new Gate(), timeGates: [time], instances: [], bridges: [], rejected: new Map(), merges: [],
  });
  return { task, time, took };
}

function batch(watermarkMs: number, dueMs: number, position: string = "7"): Batch {
  return { partition: "0", length: 3, values: [1, 2, 3], totals: { watermarkMs, dueMs, content: Float64Array.of(watermarkMs) }, endPosition: position, byteLength: 1, positionAt: String };
}

it("takes totals where nothing is due on the way, and stands where the records would have brought it", () => {
  const { task, time, took } = begin(100);
  task.process(batch(20, 90));
  expect([took, time.watermarkMs, time.toldMs, task.position, task.ordinal]).toEqual([["totals 20"], 20, 20, "7", 3]);
  // Event time never goes back, and of a batch in which no record has any it stays.
  task.process(batch(10, 90));
  task.process(batch(-Infinity, Infinity));
  expect([took.slice(1), time.watermarkMs, task.ordinal]).toEqual([["totals 10", "totals -Infinity"], 20, 9]);
});

it("takes the records where something is due before they end, where one of them may be late, or where the operator cannot add", () => {
  const { task, time, took } = begin(100);
  task.process(batch(100, 200));
  time.watermarkMs = 50;
  task.process(batch(60, 60));
  task.process(batch(10, 50));
  expect([took, time.watermarkMs]).toEqual([["records", "records", "records"], 50]);
  const never = begin(100, false);
  never.task.process(batch(20, 90));
  expect([never.took, never.time.watermarkMs]).toEqual([["records"], -Infinity]);
});

it("takes the records of a batch without totals, or where nothing adds up", () => {
  const { task, took } = begin(100);
  const { totals, ...plain } = batch(20, 90);
  task.process(plain);
  const { adding, ...parts } = task.parts;
  new PartitionTask(parts).process({ ...plain, totals: totals! });
  expect([took, adding !== undefined]).toEqual([["records", "records"], true]);
});
