import { expect, it } from "vitest";
import type { Batch } from "../record.ts";
import { poison, poisonBatch } from "./poison.ts";

it("B4: overwrites every buffer of a batch, and nothing that the values are made of", () => {
  const value = { id: 1 };
  const batch = {
    partition: "p",
    length: 1,
    endPosition: "1",
    byteLength: 1,
    positionAt: () => "1",
    values: [value],
    keys: ["k"],
    timestamps: Float64Array.of(5),
    changes: Uint8Array.of(0),
    raw: { bytes: Uint8Array.of(1, 2), starts: [0], ends: Int32Array.of(2) },
    columns: [
      { name: "a", values: Float64Array.of(1), valid: Uint8Array.of(1) },
      { name: "b", values: BigInt64Array.of(1n) },
      { name: "c", values: ["x"] },
    ],
  } satisfies Batch;
  const before = structuredClone({ ...batch, positionAt: undefined });
  poisonBatch(batch);
  expect(value).toEqual({ id: 1 });
  expect([batch.values, batch.keys, batch.columns[2]?.values]).toEqual([[poison], [poison], [poison]]);
  for (const name of ["timestamps", "changes", "raw"] as const) expect(batch[name]).not.toEqual(before[name]);
  expect([batch.raw.bytes, batch.raw.starts, batch.raw.ends].map((list) => list[0])).toEqual([0xee, 0x7eeeeeee, 0x7eeeeeee]);
  for (const i of [0, 1]) expect(batch.columns[i]).not.toEqual(before.columns[i]);
  expect(batch.columns[0]?.valid).toEqual(Uint8Array.of(0));
});
