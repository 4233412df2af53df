import { describe, expect, it } from "vitest";
import type { ListedCheckpoint, ShardManifest } from "../contracts/checkpoint-store.ts";
import { mustNotBeBehind } from "./recovery.ts";
import { mustKnowSome, seedAmong, sinkEpochOf } from "./seed.ts";

function listed(epoch: number, progress: ShardManifest["progress"], shards: readonly string[] = ["p:in/0"]): ListedCheckpoint {
  const manifests = shards.map((shard): ShardManifest => ({ formatVersion: 1, shard, epoch, generation: 1, positions: {}, progress, state: [] }));
  return { epoch, byteLength: 1, checkpoint: { epoch, createdMs: 0, plan: {}, manifests, prepared: {} } };
}

const seed = listed(9, { seed: 9, seedOf: 7 });
const later = listed(10, { seed: 9 });

describe("what a pipeline was started from", () => {
  it("is known by its mark, to sinks by the epoch of the savepoint", () => {
    expect(seedAmong([later, seed], "p:in/0")).toEqual({ epoch: 9, seedOf: 7 });
    expect(seedAmong([later, seed], "p:in/1")).toBeUndefined();
    expect(seedAmong([listed(3, {}), { epoch: 4, byteLength: 0, damaged: "torn" }], "p:in/0")).toBeUndefined();
    expect(sinkEpochOf({ epoch: 9, progress: { seed: 9, seedOf: 7 } })).toBe(7);
    expect(sinkEpochOf({ epoch: 10, progress: { seed: 9 } })).toBe(10);
  });

  it("is missed aloud when it is gone", () => {
    expect(() => seedAmong([later], "p:in/0")).toThrow(expect.objectContaining({ code: "SF_CHECKPOINT_NONE" }) as Error);
  });

  it("is not for a sink that has a part of it", () => {
    const commits = (epoch: number) => new Map([["out", [{ shard: "p:in/0", generation: 1, epoch, positions: {} }]]]);
    for (const epoch of [0, 7, 8, 30]) expect(() => mustNotBeBehind(commits(epoch), "p:in/0", { epoch: 9, seedOf: 7 })).not.toThrow();
    expect(() => mustNotBeBehind(commits(6), "p:in/0", { epoch: 9, seedOf: 7 })).toThrow(expect.objectContaining({ code: "SF_CHECKPOINT_NONE" }) as Error);
  });

  it("must have the input under the names that it has now, at the first run", () => {
    expect(() => mustKnowSome([seed], "in", ["p:in/renamed"])).toThrow(/"renamed".*"0"/);
    expect(() => mustKnowSome([seed], "in", ["p:in/renamed", "p:in/0"])).not.toThrow();
    expect(() => mustKnowSome([seed], "other", ["p:other/renamed"])).not.toThrow();
    expect(() => mustKnowSome([later, seed], "in", ["p:in/renamed"])).not.toThrow();
    expect(() => mustKnowSome([listed(1, {})], "in", ["p:in/renamed"])).not.toThrow();
  });
});
