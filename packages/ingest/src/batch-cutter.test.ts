import { ChangeKind, StreamFlowError, type Batch } from "@streamflow/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { BatchCutter } from "./batch-cutter.ts";

/** A batch of everything, with records of the given sizes and rejected inputs before the given records. */
function fullBatch(sizes: readonly number[], rejectedBefore: readonly number[], onRelease: () => void): Batch {
  const starts: number[] = [];
  let at = 0;
  for (const size of sizes) {
    starts.push(at);
    at += size;
  }
  return {
    partition: "p",
    length: sizes.length,
    values: sizes.map((_, i) => `v${i}`),
    columns: [{ name: "n", values: Float64Array.from(sizes.keys()), valid: Uint8Array.from(sizes, () => 1) }],
    timestamps: Float64Array.from(sizes.keys()),
    keys: sizes.map((_, i) => `k${i}`),
    changes: Uint8Array.from(sizes, (_, i) => (i % 2 === 0 ? ChangeKind.insert : ChangeKind.delete)),
    raw: { bytes: new Uint8Array(at), starts, ends: sizes.map((size, i) => (starts[i] ?? 0) + size) },
    rejected: rejectedBefore.map((beforeIndex, i) => ({ beforeIndex, position: `r${i}`, error: new StreamFlowError("SF_CODEC_DECODE", String(i)), raw: undefined })),
    transactionEnds: sizes.flatMap((_, i) => (i % 3 === 2 ? [i + 1] : [])),
    endPosition: "end",
    byteLength: Math.max(1, at),
    positionAt: (i) => `p${i}`,
    release: onRelease,
  };
}

it("cuts every part of a batch alike, within the limits, and loses nothing", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(40)), fc.array(fc.record({ maxRecords: fc.integer({ min: 1, max: 9 }), maxBytes: fc.integer({ min: 1, max: 120 }) }), { minLength: 1 }), (sizes, places, limits) => {
      let released = 0;
      const rejectedBefore = places.map((place) => Math.min(place, sizes.length)).sort((a, b) => a - b);
      const batch = fullBatch(sizes, rejectedBefore, () => released++);
      const cutter = new BatchCutter(batch);
      const pieces: Batch[] = [];
      for (let i = 0; !cutter.isEmpty; i++) {
        const limit = limits[i % limits.length] ?? { maxRecords: 1, maxBytes: 1 };
        const piece = cutter.take(limit);
        expect(piece.length <= limit.maxRecords).toBe(true);
        const bytes = Array.from({ length: piece.length }, (_, n) => (piece.raw?.ends[n] ?? 0) - (piece.raw?.starts[n] ?? 0)).reduce((sum, size) => sum + size, 0);
        expect(bytes <= limit.maxBytes || piece.length === 1).toBe(true);
        pieces.push(piece);
      }
      expect(pieces.flatMap((piece) => piece.values ?? [])).toEqual(batch.values);
      expect(pieces.flatMap((piece) => piece.keys ?? [])).toEqual(batch.keys);
      expect(pieces.flatMap((piece) => [...(piece.timestamps ?? [])])).toEqual([...sizes.keys()]);
      expect(pieces.flatMap((piece) => [...(piece.changes ?? [])])).toEqual([...(batch.changes ?? [])]);
      expect(pieces.flatMap((piece) => [...((piece.columns?.[0]?.values as Float64Array) ?? [])])).toEqual([...sizes.keys()]);
      expect(pieces.flatMap((piece) => Array.from({ length: piece.length }, (_, i) => piece.positionAt(i)))).toEqual(sizes.map((_, i) => `p${i}`));
      let first = 0;
      const rejected: [string, number][] = [];
      const ends: number[] = [];
      for (const piece of pieces) {
        rejected.push(...(piece.rejected ?? []).map((one): [string, number] => [one.position, one.beforeIndex + first]));
        ends.push(...(piece.transactionEnds ?? []).map((end) => end + first));
        first += piece.length;
      }
      expect(rejected).toEqual(rejectedBefore.map((place, i) => [`r${i}`, place]));
      expect(ends).toEqual(batch.transactionEnds);
      expect(pieces.at(-1)?.endPosition).toBe("end");
      for (const piece of pieces.slice(0, -1)) expect(piece.endPosition).toBe(piece.positionAt(piece.length - 1));
      for (const piece of pieces) {
        expect(released).toBe(0);
        piece.release?.();
        if (pieces.length > 1) piece.release?.();
      }
      expect(released).toBe(1);
    }),
  );
});

it("releases what was discarded, once the pieces in use are", () => {
  let released = 0;
  const cutter = new BatchCutter(fullBatch([1, 1, 1], [], () => released++));
  const piece = cutter.take({ maxRecords: 1, maxBytes: 10 });
  cutter.discard();
  expect(released).toBe(0);
  piece.release?.();
  expect(released).toBe(1);
});
