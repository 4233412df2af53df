import fc from "fast-check";
import { expect, it } from "vitest";
import { columnBytes, mostColumnBytes, padded, readColumn, writeColumn } from "./column-bytes.ts";

interface Stored {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** Writes a column between others, where old bytes are. */
function stored(values: readonly number[]): Stored {
  const column = Float64Array.from([7, ...values, 7]);
  const bytes = new Uint8Array(8 + mostColumnBytes(values.length) + 8).fill(0xee);
  const writing = writeColumn(column, { from: 1, end: 1 + values.length }, { bytes, at: 8 });
  for (;;) {
    const step = writing.next();
    if (step.done !== true) continue;
    const { kind, end } = step.value;
    expect(end).toBe(8 + columnBytes(kind, values.length));
    expect([...bytes.subarray(0, 8), ...bytes.subarray(8 + mostColumnBytes(values.length))]).toEqual(new Array(16).fill(0xee));
    return { kind, bytes: bytes.subarray(8, end) };
  }
}

function restored({ kind, bytes }: Stored, count: number, shift: number): number[] {
  const moved = new Uint8Array(bytes.length + shift);
  moved.set(bytes, shift);
  const into = new Float64Array(count);
  readColumn(kind, moved, shift, into);
  return [...into];
}

it.each([
  ["zeros", [0, 0, 0], 0, 0],
  ["small ones", [0, 255, 3], 1, 8],
  ["integers", [0, 256, -1], 2, 16],
  ["the least and the greatest integers", [-(2 ** 31), 2 ** 31 - 1], 2, 8],
  ["integers that are larger", [1, 2 ** 31], 3, 16],
  ["a fraction behind integers", [1, 2, 0.5], 3, 24],
  ["−0 among zeros", [0, -0, 0], 3, 24],
  ["NaN among numbers", [NaN, 1], 3, 16],
  ["nothing but NaN", [NaN, NaN], 4, 0],
])("%s take no more than they need", (_, values, kind, length) => {
  const one = stored(values);
  expect([one.kind, one.bytes.length]).toEqual([kind, length]);
  for (const shift of [0, 1, 4]) expect(restored(one, values.length, shift)).toEqual(values);
});

it("any numbers come back, with their signs", () => {
  const small = fc.integer({ min: -2, max: 300 });
  const number = fc.oneof(small, fc.integer(), fc.double(), fc.constantFrom(-0, NaN, Infinity, 2 ** 31, 2 ** 53));
  fc.assert(
    fc.property(fc.oneof(fc.array(small), fc.array(fc.integer()), fc.array(number, { maxLength: 200 })), fc.nat(8), (values, shift) => {
      if (values.length === 0) return;
      expect(restored(stored(values), values.length, shift)).toEqual(values);
    }),
    { numRuns: 1_000 },
  );
});

it("very long columns are written piece by piece, and what turns out to be no integer late is all doubles", () => {
  const values = Array.from({ length: 600_000 }, (_, i) => i);
  values[599_999] = 0.5;
  const column = Float64Array.from(values);
  const bytes = new Uint8Array(mostColumnBytes(values.length));
  const writing = writeColumn(column, { from: 0, end: values.length }, { bytes, at: 0 });
  let steps = 0;
  let step = writing.next();
  for (; step.done !== true; step = writing.next()) steps++;
  expect(steps).toBeGreaterThan(2);
  const into = new Float64Array(values.length);
  readColumn(step.value.kind, bytes, 0, into);
  expect(into.every((value, i) => value === values[i])).toBe(true);
});

it("a kind that there is not has no length", () => {
  expect(columnBytes(5, 10)).toBeNaN();
  expect([padded(0), padded(1), padded(8)]).toEqual([0, 8, 8]);
});
