import { expect, it } from "vitest";
import type { RecoveredShard } from "../contracts/checkpointing.ts";
import type { ShardCommit } from "../contracts/sink.ts";
import { committedByAll, furthestCommit, newestCommit, type SinkCommits, sinksAhead } from "./recovery.ts";

const commit = (shard: string, epoch: number): ShardCommit => ({ shard, epoch, generation: 1, positions: { at: String(epoch) } });
const commits = (sinks: Readonly<Record<string, readonly ShardCommit[]>>): SinkCommits => new Map(Object.entries(sinks));
const restored = (epochs: Readonly<Record<string, number>>): ReadonlyMap<string, RecoveredShard> =>
  new Map(Object.entries(epochs).map(([shard, epoch]) => [shard, { manifest: { epoch } } as RecoveredShard]));

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
  expect(furthestCommit(found, "a")).toEqual(commit("a", 8));
  expect(furthestCommit(found, "b")).toBeUndefined();
});

it("a replay goes on to the furthest of several sinks that are ahead", () => {
  const found = sinksAhead(commits({ x: [commit("a", 8)], y: [commit("a", 9)], z: [commit("a", 7)] }), restored({ a: 7 }));
  expect(furthestCommit(found, "a")?.epoch).toBe(9);
});
