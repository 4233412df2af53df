import fc from "fast-check";
import { expect, it } from "vitest";
import type { Checkpoint, SegmentRef } from "@streamflow/core";
import { decodeCheckpoint, encodeCheckpoint, seal, segmentsOf, unseal } from "./checkpoint-codec.ts";

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.constantFrom("__proto__", "constructor", ""));
const count = fc.nat(2 ** 40);
const scalar = fc.oneof(text, fc.boolean(), fc.double(), fc.constantFrom(-0, NaN, Infinity, -Infinity));
const entries = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> => fc.uniqueArray(fc.tuple(text, value), { selector: ([name]) => name, maxLength: 4 }).map((pairs) => Object.fromEntries(pairs) as Record<string, T>);
const segments = Array.from({ length: 3 }, (_, i): SegmentRef => ({ name: `segment-${i}`, byteLength: 100 * i, checksum: `0000000${i}` }));
const state = fc.record({ node: text, state: text, serializer: text, version: count, segment: fc.constantFrom(...segments), start: count, end: count });
const manifest = fc.record({ formatVersion: fc.constant(1 as const), shard: text, epoch: count, generation: count, positions: entries(text), progress: entries(scalar), state: fc.array(state, { maxLength: 5 }) });
const anyCheckpoint: fc.Arbitrary<Checkpoint> = fc.record({ epoch: count, createdMs: count, plan: entries(text), manifests: fc.array(manifest, { maxLength: 4 }), prepared: entries(fc.constantFrom(...segments)) });

it("any checkpoint comes back as it was", () => {
  fc.assert(
    fc.property(anyCheckpoint, (checkpoint) => {
      expect(decodeCheckpoint(encodeCheckpoint(checkpoint), "here")).toEqual(checkpoint);
    }),
  );
});

it("names repeat in memory, not in bytes: a shard more costs little", () => {
  const shard = (i: number): Checkpoint["manifests"][number] => ({
    formatVersion: 1, shard: `k:${i}`, epoch: 1, generation: 1, positions: {}, progress: {},
    state: Array.from({ length: 4 }, (_, s) => ({ node: "a-node-with-a-long-name", state: `state-${s}`, serializer: "a-serializer", version: 1, segment: segments[0]!, start: s * 1000, end: s * 1000 + 1000 })),
  });
  const size = (shards: number): number => encodeCheckpoint({ epoch: 1, createdMs: 0, plan: {}, manifests: Array.from({ length: shards }, (_, i) => shard(i)), prepared: {} }).byteLength;
  expect((size(128) - size(1)) / 127).toBeLessThan(160);
});

it("any changed, added or missing byte is noticed", () => {
  fc.assert(
    fc.property(anyCheckpoint, fc.nat(), fc.integer({ min: 1, max: 255 }), (checkpoint, place, change) => {
      const bytes = encodeCheckpoint(checkpoint);
      const at = place % bytes.byteLength;
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ change;
      const codes = /^SF_STATE_(CORRUPT|INCOMPATIBLE)$/;
      for (const damaged of [changed, bytes.subarray(0, at), Uint8Array.from([...bytes, change])]) {
        // White space in the header line means the same as before.
        let read: Checkpoint | undefined;
        try {
          read = decodeCheckpoint(damaged, "here");
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(codes), message: expect.stringContaining("here") });
        }
        if (read !== undefined) expect(read).toEqual(checkpoint);
      }
    }),
  );
});

it("an unknown format is refused by name, not called damage", () => {
  const bytes = Buffer.from(Buffer.from(seal({})).toString().replace('"format":1', '"format":2'));
  expect(() => unseal(bytes, "here")).toThrow(expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE", message: expect.stringContaining("format 2") }));
});

it("finds every segment once", () => {
  fc.assert(
    fc.property(anyCheckpoint, (checkpoint) => {
      const expected = new Set([...checkpoint.manifests.flatMap((shard) => shard.state.map((part) => part.segment.name)), ...Object.values(checkpoint.prepared).map((segment) => segment.name)]);
      expect(new Set(segmentsOf(checkpoint).keys())).toEqual(expected);
    }),
  );
});
