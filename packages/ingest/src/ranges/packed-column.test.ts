import { textPlace } from "@streamflow/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ColumnPacker, unpacked } from "./packed-column.ts";

const text = fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constantFrom("", "é", "𝄞 text", "\u0000", "x".repeat(300)));
/** A text that is in the bytes, one that is not (half a surrogate can be in no bytes), or null. */
const cell = fc.oneof(text.map((value) => ({ value, isPlace: true })), fc.constantFrom("odd", "", "\ud800", "a\udc00", null).map((value) => ({ value, isPlace: false })));

const none = new Uint8Array(0);

it("texts in the bytes, texts beside them and nulls come out as they went in", () => {
  fc.assert(fc.property(fc.array(fc.array(cell, { maxLength: 30 }), { minLength: 1, maxLength: 4 }), fc.nat(3), (columns, earlier) => {
    const packer = new ColumnPacker();
    // What was packed before is given up.
    for (let i = 0; i < earlier; i++) packer.texts(Array.from({ length: 5_000 }, () => null), none);
    packer.clear();
    const packed = columns.map((cells) => {
      let bytes = Buffer.from("before");
      const given = cells.map(({ value, isPlace }) => {
        if (!isPlace || value === null) return value;
        const start = bytes.length;
        bytes = Buffer.concat([bytes, Buffer.from(value)]);
        return textPlace({ start, end: bytes.length, isAscii: /^[\0-\x7f]*$/.test(value) });
      });
      return packer.texts(given, bytes);
    });
    // A half surrogate in a text that was written as bytes is lost there, not here.
    const expected = columns.map((cells) => cells.map(({ value, isPlace }) => (isPlace && value !== null ? Buffer.from(value).toString() : value)));
    expect(packed.map((one, i) => unpacked(one, packer.memory, columns[i]!.length))).toEqual(expected);
  }));
});

it("places reach over all of a buffer of four megabytes", () => {
  const bytes = new Uint8Array(4 << 20).fill(0x61);
  const packer = new ColumnPacker();
  const places = [[0, 1], [4_194_300, 4_194_303], [0, 4_194_303], [2_097_151, 2_097_153]].map(([start, end]) => textPlace({ start: start!, end: end!, isAscii: true }));
  const packed = packer.texts(places, bytes);
  expect(Array.from(unpacked(packed, packer.memory, 4) as readonly string[], (value) => value.length)).toEqual([1, 3, 4_194_303, 2]);
});

it("other values are copied as they are", () => {
  const packer = new ColumnPacker();
  const values = ["a", 1n, null, [1], { a: -0 }];
  const packed = packer.values(values);
  expect(packed).toEqual({ kind: "values", values });
  expect(unpacked(packed, packer.memory, 5)).toBe(values);
});

it("memory grows, and keeps what was packed before", () => {
  const packer = new ColumnPacker();
  const small = packer.memory;
  const first = packer.texts(["first"], none);
  const second = packer.texts(Array.from({ length: 100_000 }, () => null), none);
  expect(packer.memory.byteLength).toBeGreaterThan(small.byteLength);
  expect([unpacked(first, packer.memory, 1), unpacked(second, packer.memory, 100_000).length]).toEqual([["first"], 100_000]);
});
