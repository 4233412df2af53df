import { describe, expect, it } from "vitest";
import { plainSerializer } from "../keyed/state-codec.ts";
import { type TablePart, written } from "../keyed/table-part.ts";
import { TableSet } from "../keyed/table-set.ts";
import type { OperatorInstance } from "./instance.ts";
import { Gate } from "./gate.ts";
import { keyGroupCount, keyGroupOf, keyGroupOfCanonical } from "../keyed/key-group.ts";
import { keyOf } from "../types/key.ts";
import { endedMark, keyGroupShards, restoreGates, restoreTables, restoreVersions, snapshotPartition, snapshotShared } from "./snapshot.ts";
import { PartitionTask, type TaskParts } from "./task.ts";

function instance(node: string, spread = false): OperatorInstance & { readonly counts: ReturnType<TableSet["table"]> } {
  const tables = new TableSet(node, spread ? { canonical: keyOf(), group: keyGroupOfCanonical, groups: keyGroupCount } : { canonical: keyOf(), groups: 1 });
  return { node, tables, version: undefined, counts: tables.table("counts", plainSerializer()) } as never;
}

const task = (instances: readonly OperatorInstance[]): PartitionTask => new PartitionTask({ source: "in", partition: "0", instances, merges: [], timeGates: [], gate: new Gate() } as unknown as TaskParts);
const never = (): boolean => false;
const gates = (times: Readonly<Record<string, number>>): ReadonlyMap<string, Gate> =>
  new Map(Object.entries(times).map(([name, time]) => [name, Object.assign(new Gate(), { watermarkMs: time })]));

describe("a partition", () => {
  it("is stored with its place, its event time and the state of its operators", () => {
    const one = instance("sum");
    one.counts.set(0, "k", 5);
    one.version = "v7";
    const taken = snapshotPartition(Object.assign(task([one]), { position: "42", ordinal: 9, generation: 3 }), gates({ in: 100, sum: -Infinity, other: Infinity }), never);
    expect(taken).toMatchObject({
      shard: "p:in/0", generation: 3, positions: { "0": "42" },
      progress: { ordinal: 9, ended: false, "watermark in": 100, "watermark other": "end", "version sum": "v7" },
    });
    expect(Object.keys(taken.progress)).not.toContain("watermark sum");
    expect(taken.state.map(({ node, table }) => [node, table.state])).toEqual([["sum", "counts"]]);
  });

  it("before its first record has no position; one that has ended says so among its positions, so that sinks keep it too", () => {
    expect(snapshotPartition(task([]), new Map(), never).positions).toEqual({});
    expect(snapshotPartition(Object.assign(task([]), { ended: true, position: "9" }), new Map(), never).positions).toEqual({ "0": "9", [endedMark]: "" });
  });

  it("is a copy: what is counted later is not in it, and it comes back", () => {
    const one = instance("sum");
    one.counts.set(0, "k", 5);
    const { state } = snapshotPartition(task([one]), new Map(), never);
    one.counts.set(0, "k", 6);
    const back = instance("sum");
    restoreTables([back], state.map(({ node, table }) => ({ entry: { ...table, node } as never, bytes: written((table as TablePart).write()) })), 0);
    expect(back.counts.get(0, "k")).toBe(5);
  });
});

it("the shared scope is stored as one shard for each key group, each with the event time of all", () => {
  const one = instance("sum", true);
  one.counts.set(0, "LAX", 1);
  const taken = snapshotShared([one], gates({ "sum<": 50 }), { generation: (shard) => (shard === "k:7" ? 2 : 1), isStored: never });
  expect(taken.map(({ shard }) => shard)).toEqual(keyGroupShards());
  expect(taken.filter(({ state }) => state.length > 0).map(({ shard }) => shard)).toEqual([`k:${keyGroupOf("LAX")}`]);
  expect(new Set(taken.map(({ progress }) => progress["watermark sum<"]))).toEqual(new Set([50]));
  expect([taken[7]?.generation, taken[8]?.generation]).toEqual([2, 1]);
});

it("watermarks come back without firing, and never go back", () => {
  const back = gates({ a: -Infinity, b: 80, c: -Infinity });
  let heard = 0;
  back.get("a")?.listen({ nextTimerMs: Infinity, advance: () => heard++ });
  restoreGates(back, { "watermark a": 50, "watermark b": 60, "watermark c": "end" });
  expect([...back.values()].map(({ watermarkMs }) => watermarkMs)).toEqual([50, 80, Infinity]);
  expect(heard).toBe(0);
});

it("versions of loaded data come back to their nodes", () => {
  const [a, b] = [instance("a"), instance("b")];
  restoreVersions([a, b], { "version a": "v1" });
  expect([a.version, b.version]).toEqual(["v1", undefined]);
});
