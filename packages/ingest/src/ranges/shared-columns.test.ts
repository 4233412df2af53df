import { StreamFlowError, type DecodedColumn } from "@streamflow/core";
import { expect, it } from "vitest";
import { SharedColumns, sharedRecords } from "./shared-columns.ts";

const wanted: readonly DecodedColumn[] = [{ name: "a", form: "numbers" }, { name: "s", form: "values" }, { name: "b", form: "numbers" }];

it("what one side fills, the other reads from the same memory", () => {
  const store = new SharedColumns(wanted);
  for (let i = 0; i < 3; i++) store.value({ a: i / 2, s: `s${i}`, b: -i }, 10 * i, 10 * i + 7);
  const read = sharedRecords({ wanted, memory: store.memory, length: store.length }, (name) => ({ name, values: store.columns[1] as unknown[] }));
  expect(read.columns).toEqual([{ name: "a", values: Float64Array.of(0, 0.5, 1) }, { name: "s", values: ["s0", "s1", "s2"] }, { name: "b", values: Float64Array.of(-0, -1, -2) }]);
  expect([[...read.starts], [...read.ends]]).toEqual([[0, 10, 20], [7, 17, 27]]);
});

it("memory grows with the records, and is used again", () => {
  const store = new SharedColumns(wanted);
  const small = store.memory;
  for (let i = 0; i < 10_000; i++) store.value({ a: i, s: null, b: 2 * i }, i, i + 1);
  expect(store.memory).not.toBe(small);
  const read = sharedRecords({ wanted, memory: store.memory, length: 10_000 }, (name) => ({ name, values: [] }));
  expect([read.columns[0]?.values[9_999], read.columns[2]?.values[5_000], read.starts[4_096], read.ends[9_999]]).toEqual([9_999, 10_000, 4_096, 10_000]);
  store.clear();
  expect([store.length, store.columns[1], store.refused]).toEqual([0, [], []]);
});

it("lines that are no records keep their place", () => {
  const store = new SharedColumns(wanted);
  const error = new StreamFlowError("SF_CODEC_DECODE", "no");
  store.reject(error, 0, 3);
  store.value({ a: 1, s: "", b: 1 }, 4, 7);
  store.reject(error, 8, 9);
  expect(store.refused).toEqual([{ beforeIndex: 0, start: 0, end: 3 }, { beforeIndex: 1, start: 8, end: 9 }]);
});

it("numbers that may be null keep both, through growth", () => {
  const nullable: readonly DecodedColumn[] = [{ name: "n", form: "nullableNumbers" }, { name: "a", form: "numbers" }, { name: "m", form: "nullableNumbers" }];
  const store = new SharedColumns(nullable);
  for (let i = 0; i < 5_000; i++) store.value({ n: i % 2 === 0 ? i : null, a: i, m: i % 3 === 0 ? null : -i }, i, i + 1);
  const read = sharedRecords({ wanted: nullable, memory: store.memory, length: 5_000 }, () => expect.unreachable());
  const at = (column: number, row: number): unknown => (read.columns[column]?.valid?.[row] === 0 ? null : read.columns[column]?.values[row]);
  expect([0, 1, 4_998, 4_999].map((row) => [at(0, row), at(1, row), at(2, row)])).toEqual([[0, 0, null], [null, 1, -1], [4_998, 4_998, null], [null, 4_999, -4_999]]);
  expect(store.taken()[0]?.valid?.subarray(0, 3)).toEqual(Uint8Array.of(1, 0, 1));
});
