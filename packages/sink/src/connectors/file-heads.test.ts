import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ShardCommit } from "@streamflow/core";
import { fromLogged, newestHeads, toLogged } from "./file-heads.ts";

const owner = { pipeline: "p", node: "out" };

function commits(epoch: number, shards: readonly string[]): readonly ShardCommit[] {
  return shards.map((shard) => ({ shard, generation: 2, epoch, positions: shard.startsWith("k:") ? {} : { "0": `${epoch}` } }));
}

describe("shards of a line", () => {
  it("keeps 128 key groups in one entry", () => {
    const groups = Array.from({ length: 128 }, (_, n) => `k:${n}`);
    expect(toLogged(commits(3, ["p:in/0", ...groups]))).toEqual([{ shards: "p:in/0", generation: 2, positions: { "0": "3" } }, { shards: "k:0-127", generation: 2 }]);
  });

  it("gives back what it was given, whatever the shards (property)", () => {
    const shard = fc.oneof(fc.integer({ min: 0, max: 12 }).map((n) => `k:${n}`), fc.constantFrom("p:s/k:1", "k:x", "p:ä/\"1\""));
    fc.assert(
      fc.property(fc.uniqueArray(fc.record({ shard, generation: fc.integer({ min: 1, max: 2 }), hasPositions: fc.boolean() }), { selector: (one) => one.shard }), (made) => {
        const given = made.map(({ shard: name, generation, hasPositions }): ShardCommit => ({ shard: name, generation, epoch: 4, positions: hasPositions ? { "0": "17" } : {} }));
        expect(fromLogged(toLogged(given), 4)).toEqual(given);
      }),
    );
  });
});

describe("heads", () => {
  const line = (epoch: number, shards: readonly string[], of = owner) => ({ epoch, of, shards: toLogged(commits(epoch, shards)) });
  const asked = (shards: readonly string[]) => shards.map((shard) => ({ shard, generation: 5 }));

  it("are the newest of each shard that is asked for, in whatever order the lines come", () => {
    const heads = newestHeads([line(7, ["p:in/0"]), line(5, ["p:in/0", "p:in/1"]), line(9, ["p:in/2"])], owner, asked(["p:in/0", "p:in/1", "p:in/9"]));
    expect(heads.map(({ shard, epoch, positions }) => [shard, epoch, positions["0"]])).toEqual([["p:in/0", 7, "7"], ["p:in/1", 5, "5"]]);
  });

  it("are not those of another pipeline or node in the same folder", () => {
    const others = [line(7, ["k:0"], { pipeline: "q", node: "out" }), line(8, ["k:0"], { pipeline: "p", node: "late" }), line(2, ["k:0"])];
    expect(newestHeads(others, owner, asked(["k:0"])).map(({ epoch }) => epoch)).toEqual([2]);
  });
});
