import { TextStore } from "@streamflow/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ColumnPacker, unpacked } from "./packed-column.ts";

const margin = 8;

function storeOf(values: readonly unknown[]): TextStore {
  const store = new TextStore(values.length);
  values.forEach((value, i) => {
    if (typeof value !== "string" || !value.isWellFormed()) return store.put(i, value);
    const bytes = Buffer.concat([Buffer.from(value), Buffer.alloc(margin)]);
    store.copy(i, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length - margin);
  });
  return store;
}

const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constantFrom("", "é", "𝄞 text", "\u0000", "x".repeat(300), "\ud800", "a\udc00", null));

it("texts, and values beside them, come out as they went in", () => {
  fc.assert(fc.property(fc.array(fc.array(text, { maxLength: 30 }), { minLength: 1, maxLength: 4 }), fc.nat(3), (columns, earlier) => {
    const packer = new ColumnPacker();
    // What was packed before is given up.
    for (let i = 0; i < earlier; i++) packer.texts(storeOf(Array.from({ length: 5_000 }, () => null)), 5_000);
    packer.clear();
    const packed = columns.map((values) => packer.texts(storeOf(values), values.length));
    const found = packed.map((one) => unpacked("t", one, packer.memory));
    expect(found.map(({ values }) => values)).toEqual(columns);
  }));
});

it("other values are copied as they are", () => {
  const packer = new ColumnPacker();
  const values = ["a", 1n, null, [1], { a: -0 }];
  expect(unpacked("v", packer.values(values), packer.memory)).toEqual({ name: "v", values });
});

it("memory grows, and keeps what was packed before", () => {
  const packer = new ColumnPacker();
  const small = packer.memory;
  const first = packer.texts(storeOf(["first"]), 1);
  const second = packer.texts(storeOf(Array.from({ length: 100_000 }, () => "xyz")), 100_000);
  expect(packer.memory.byteLength).toBeGreaterThan(small.byteLength);
  expect(unpacked("t", first, packer.memory).values).toEqual(["first"]);
  expect(unpacked("t", second, packer.memory).values.at(-1)).toBe("xyz");
});
