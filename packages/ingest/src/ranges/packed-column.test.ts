import fc from "fast-check";
import { expect, it } from "vitest";
import { ColumnPacker, ColumnUnpacker } from "./packed-column.ts";

const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constantFrom("", "\ud800", "a\udc00", "é", "\u0000", "x".repeat(300)), fc.constant(null));

it("texts and nulls come out as they went in, half surrogates too", () => {
  fc.assert(fc.property(fc.array(fc.array(text, { maxLength: 30 }), { minLength: 1, maxLength: 4 }), fc.nat(3), (columns, earlier) => {
    const packer = new ColumnPacker();
    // What was packed before is given up.
    for (let i = 0; i < earlier; i++) packer.pack(["x".repeat(40_000)]);
    packer.clear();
    const packed = columns.map((values) => packer.pack(values));
    const unpacker = new ColumnUnpacker(packer.memory);
    expect(packed.map((one, i) => unpacker.unpack(one, columns[i]!.length))).toEqual(columns);
  }));
});

it("ASCII takes a byte for each unit, anything else two", () => {
  const packer = new ColumnPacker();
  expect(packer.pack(["abc", null])).toMatchObject({ kind: "texts", isWide: false });
  expect(packer.pack(["abc", "é"])).toMatchObject({ kind: "texts", isWide: true });
});

it("other values are copied as they are", () => {
  const packer = new ColumnPacker();
  const values = ["a", 1n, null, [1], { a: -0 }];
  expect(packer.pack(values)).toEqual({ kind: "values", values });
  expect(new ColumnUnpacker(packer.memory).unpack({ kind: "values", values }, 5)).toBe(values);
});

it("memory grows, and keeps what was packed before", () => {
  const packer = new ColumnPacker();
  const small = packer.memory;
  const first = packer.pack(["first"]);
  const second = packer.pack(["y".repeat(1 << 20)]);
  expect(packer.memory.byteLength).toBeGreaterThan(small.byteLength);
  const unpacker = new ColumnUnpacker(packer.memory);
  expect([unpacker.unpack(first, 1), unpacker.unpack(second, 1)]).toEqual([["first"], ["y".repeat(1 << 20)]]);
});
