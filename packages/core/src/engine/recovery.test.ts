import { expect, it } from "vitest";
import type { RecoveredShard } from "../contracts/checkpointing.ts";
import type { ShardCommit } from "../contracts/sink.ts";
import { committedByAll, newestCommit, replayStops, type SinkCommits, sinksAhead } from "./recovery.ts";

const commit = (shard: string, epoch: number): ShardCommit => ({ shard, epoch, generation: 1, positions: { at: String(epoch) } });
const commits = (sinks: Readonly<Record<string, readonly ShardCommit[]>>): SinkCommits => new Map(Object.entries(sinks));
const restored = (epochs: Readonly<Record<string, number>>): ReadonlyMap<string, RecoveredShard> =>
  new Map(Object.entries(epochs).map(([shard, epoch]) => [shard, { manifest: { epoch, progress: {} } } as RecoveredShard]));

it("without a sink that commits positions itself nothing bounds the epoch", () => {
  expect([committedByAll(commits({}), "a"), newestCommit(commits({}))]).toEqual([Infinity, 0]);
});

it("the sink that is furthest behind decides; one that has never committed means the very beginning", () => {
  expect(committedByAll(commits({ x: [commit("a", 7), commit("b", 9)], y: [commit("a", 5), commit("b", 9)] }), "a")).toBe(5);
  expect(committedByAll(commits({ x: [commit("a", 7)], y: [commit("b", 5)] }), "a")).toBe(0);
});

it("the next epoch lies above every commit, of whatever sink and shard", () => {
  expect(newestCommit(commits({ x: [commit("a", 7)], y: [commit("b", 9), commit("a", 2)] }))).toBe(9);
});

it("a sink is ahead where its commit is newer than what was restored, or nothing was", () => {
  const found = sinksAhead(commits({ x: [commit("a", 7), commit("b", 5)], y: [commit("a", 8), commit("c", 1)] }), restored({ a: 7, b: 5 }));
  expect([...found].map(([sink, shards]) => [sink, [...shards.keys()]])).toEqual([["y", ["a", "c"]]]);
  expect(replayStops(found, { shard: "a", name: "at", start: "5", groupEpochs: [] })).toEqual([{ epoch: 8, until: "8", ended: false }]);
  expect(replayStops(found, { shard: "b", name: "at", start: "5", groupEpochs: [] })).toEqual([]);
});

it("a replay stops at every commit of a sink that is ahead, in order", () => {
  const found = sinksAhead(commits({ x: [commit("a", 9)], y: [commit("a", 8)], z: [commit("a", 7)], same: [commit("a", 9)] }), restored({ a: 7 }));
  expect(replayStops(found, { shard: "a", name: "at", start: "7", groupEpochs: [] }).map(({ epoch, until }) => [epoch, until])).toEqual([[8, "8"], [9, "9"]]);
});

it("a partition that came later waits where it is while the others of its group go to a stop that it has no commit of", () => {
  const found = sinksAhead(commits({ x: [commit("a", 9)], y: [commit("b", 8)] }), restored({}));
  expect(replayStops(found, { shard: "a", name: "at", start: undefined, groupEpochs: [8, 9] })).toEqual([{ epoch: 8, until: undefined, ended: false }, { epoch: 9, until: "9", ended: false }]);
  expect(replayStops(found, { shard: "b", name: "at", start: "3", groupEpochs: [8, 9] })).toEqual([{ epoch: 8, until: "8", ended: false }, { epoch: 9, until: "8", ended: false }]);
});
