import fc from "fast-check";
import { expect, it } from "vitest";
import type { ListedCheckpoint } from "@streamflow/core";
import { newestFirst, removable } from "./retention.ts";

function entry(epoch: number, shards: readonly string[] | undefined): ListedCheckpoint {
  if (shards === undefined) return { epoch, byteLength: 0, damaged: "it is" };
  const manifests = shards.map((shard) => ({ formatVersion: 1, shard, epoch, generation: 1, positions: {}, progress: {}, state: [] }) as const);
  return { epoch, byteLength: 0, checkpoint: { epoch, createdMs: 0, plan: {}, manifests, prepared: {} } };
}

const anyShards = fc.option(fc.uniqueArray(fc.constantFrom("a", "b", "c")), { nil: undefined });
const anyList = fc.array(anyShards, { maxLength: 12 }).map((all) => all.map((shards, i) => entry(i + 1, shards)).sort(newestFirst));

it("CKP-5: keeps the newest `keep` of every shard, the named, and what is damaged among them; nothing else", () => {
  fc.assert(
    fc.property(anyList, fc.integer({ min: 1, max: 4 }), fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }), (list, keep, named) => {
      const gone = new Set(removable(list, keep, named));
      const stays = list.filter((candidate) => !gone.has(candidate) && "checkpoint" in candidate);
      for (const shard of ["a", "b", "c"]) {
        const holding = list.filter((candidate) => "checkpoint" in candidate && candidate.checkpoint.manifests.some((manifest) => manifest.shard === shard));
        for (const newest of holding.slice(0, keep)) expect(gone.has(newest)).toBe(false);
      }
      for (const candidate of list) {
        if (named.includes(candidate.epoch)) expect(gone.has(candidate)).toBe(false);
        if ("damaged" in candidate && gone.has(candidate)) expect(stays.length > 0 && stays.every(({ epoch }) => epoch > candidate.epoch)).toBe(true);
      }
      // What stays has a reason: there are at most `keep` of each shard (or of none), and the named ones.
      expect(stays.length).toBeLessThanOrEqual(keep * 4 + new Set(named).size);
    }),
  );
});

it("refuses to keep none", () => {
  for (const keep of [0, -1, 1.5, NaN]) expect(() => removable([], keep, [])).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
});
