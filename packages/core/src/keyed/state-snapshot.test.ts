import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StateEntry } from "../contracts/state-store.ts";
import { decodeStateSnapshot, encodeStateSnapshot, type SnapshotPart } from "./state-snapshot.ts";

type Contents = readonly (readonly [namespace: string, entries: readonly (readonly [number[], number[]])[]])[];

function partsOf(contents: Contents, pageSize = 3): readonly SnapshotPart[] {
  return contents.map(([namespace, entries]) => ({
    namespace,
    pages: (async function* () {
      const all: StateEntry[] = entries.map(([key, value]) => ({ key: Uint8Array.from(key), value: Uint8Array.from(value) }));
      for (let at = 0; at < all.length; at += pageSize) yield all.slice(at, at + pageSize);
    })(),
  }));
}

async function bytesOf(contents: Contents): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(encodeStateSnapshot(partsOf(contents))));
}

async function read(chunks: Iterable<Uint8Array>): Promise<Contents> {
  const found: [string, [number[], number[]][]][] = [];
  for await (const { namespace, entries } of decodeStateSnapshot(chunks)) {
    if (entries.length === 0) found.push([namespace, []]);
    else found.at(-1)?.[1].push(...entries.map(({ key, value }): [number[], number[]] => [[...key], [...value]]));
  }
  return found;
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const small: Contents = [["a", [[[1], [2, 3]], [[4], []]]], ["empty", []], ["ä", [[[], [255]]]]];
const anyBytes = fc.array(fc.nat(255), { maxLength: 12 });
const anyContents = fc.uniqueArray(fc.tuple(fc.string({ unit: "grapheme", maxLength: 8 }), fc.array(fc.tuple(anyBytes, anyBytes), { maxLength: 10 })), { maxLength: 4, selector: ([name]) => name });

describe("state snapshots", () => {
  it("come back as they were, wherever chunks are cut (property)", async () => {
    await fc.assert(
      fc.asyncProperty(anyContents, fc.integer({ min: 1, max: 50 }), async (contents, size) => {
        expect(await read(cut(await bytesOf(contents), size))).toEqual(contents);
      }),
      { numRuns: 100 },
    );
  });

  it("hold entries larger than a frame, and cut many small ones into frames", async () => {
    const large = [[1], Array.from({ length: 300_000 }, (_, i) => i & 255)] as [number[], number[]];
    const many = Array.from({ length: 20_000 }, (_, i) => [[i & 255, i >> 8], [1, 2, 3, 4, 5, 6, 7, 8, 9]] as [number[], number[]]);
    const frames = await Array.fromAsync(encodeStateSnapshot(partsOf([["large", [large]], ["many", many]], 20_000)));
    expect(frames.length).toBe(7);
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThan(320_000);
    expect(await read(frames)).toEqual([["large", [large]], ["many", many]]);
  });

  it("SF_STATE_CORRUPT: every changed bit, every missing end", async () => {
    const bytes = await bytesOf(small);
    for (let at = 0; at < bytes.length; at++) {
      await expect(read([bytes.subarray(0, at)]), `cut at ${at}`).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
      for (const bit of [1, 16, 128]) {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ bit;
        await expect(read([changed]), `byte ${at}`).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
      }
    }
  });

  it("SF_STATE_CORRUPT: frames that are missing, repeated, moved, or behind the end", async () => {
    const frames = await Array.fromAsync(encodeStateSnapshot(partsOf(small, 1)));
    for (const [i, frame] of frames.entries()) {
      await expect(read(frames.toSpliced(i, 1)), `without ${i}`).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
      await expect(read(frames.toSpliced(i, 0, frame)), `twice ${i}`).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
      if (i > 0) await expect(read(frames.with(i, frames[i - 1] ?? frame).with(i - 1, frame)), `swapped ${i}`).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
    }
    await expect(read([...frames, Uint8Array.of(0)])).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
  });

  it("one that ended by an error lets go of its chunks", async () => {
    let isFreed = false;
    const chunks = (function* () {
      try {
        for (;;) yield Uint8Array.of(1, 2, 3, 0, 0);
      } finally {
        isFreed = true;
      }
    })();
    await expect(read(chunks)).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
    expect(isFreed).toBe(true);
  });
});
