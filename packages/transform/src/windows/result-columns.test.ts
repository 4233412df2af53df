import { textColumn } from "@streamflow/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ResultColumns } from "./result-columns.ts";

it("gives the records that were put, whatever their values are, and forgets them (property)", () => {
  const value = fc.oneof({ weight: 6, arbitrary: fc.double() }, { weight: 1, arbitrary: fc.constantFrom<unknown>(null, "text", 5n, -0, { a: 1 }) });
  const row = fc.record({ endMs: fc.integer(), key: value, a: value, b: value, isDropped: fc.boolean() });
  fc.assert(fc.property(fc.array(fc.array(row, { maxLength: 150 }), { maxLength: 3 }), (rounds) => {
    const columns = new ResultColumns(["start", "end", "key", "a", "b"]);
    for (const rows of rounds) {
      for (const { endMs, key, a, b, isDropped } of rows) {
        columns.begin(key, endMs - 5, endMs);
        columns.put(0, a);
        // One that cannot be finished is dropped half done.
        if (isDropped) columns.drop();
        else columns.put(1, b);
      }
      expectRecords(columns, rows.filter(({ isDropped }) => !isDropped));
      columns.clear();
    }
  }));
});

it("takes what was stored in reserved rows, up to a bound (property)", () => {
  const keys = fc.oneof(fc.double(), fc.constantFrom<unknown>("text", 5n, undefined));
  fc.assert(fc.property(fc.array(fc.tuple(fc.integer(), fc.array(keys, { maxLength: 100 })), { maxLength: 5 }), (firings) => {
    const columns = new ResultColumns(["start", "end", "key", "a", "b"]);
    for (const [endMs, some] of firings) {
      expect(columns.reserve(some.length)).toBe(some.length);
      some.forEach((key, i) => {
        columns.putKey(columns.length + i, key);
        columns.columns[3]![columns.length + i] = i;
        columns.putOther(4, columns.length + i, null);
      });
      columns.add(some.length, endMs - 5, endMs);
    }
    expectRecords(columns, firings.flatMap(([endMs, some]) => some.map((key, a) => ({ endMs, key, a, b: null }))));
    const left = columns.reserve(1e6);
    columns.add(left, 0, 1);
    expect([columns.isFull, columns.reserve(1)]).toEqual([true, 0]);
  }));
});

it("takes the keys of all records at once, as texts", () => {
  const columns = new ResultColumns(["start", "end", "key", "a", "b"]);
  const keys = ["one", 'a "second"', null, 4, "one"];
  const { texts } = textColumn("key", keys);
  columns.putTexts(texts!);
  columns.reserve(keys.length);
  keys.forEach((_, i) => [3, 4].forEach((field) => (columns.columns[field]![i] = i)));
  columns.add(keys.length, 5, 10);
  expect([columns.areTexts, columns.records.columns.map((column) => column.texts)]).toEqual([true, [undefined, undefined, texts, undefined, undefined]]);
  expectRecords(columns, keys.map((key, i) => ({ endMs: 10, key, a: i, b: i })));
  columns.clear();
  columns.begin(7, 5, 10);
  columns.put(0, 1);
  columns.put(1, 2);
  expectRecords(columns, [{ endMs: 10, key: 7, a: 1, b: 2 }]);
});

interface Row {
  readonly endMs: number;
  readonly key: unknown;
  readonly a: unknown;
  readonly b: unknown;
}

function expectRecords(columns: ResultColumns, rows: readonly Row[]): void {
  const { length, timestamps, keyColumn, columns: made } = columns.records;
  expect({ length, timestamps: [...timestamps], key: made[keyColumn]?.name }).toEqual({ length: rows.length, timestamps: rows.map(({ endMs }) => endMs - 1), key: "key" });
  expect(made.map(({ name }) => name)).toEqual(["start", "end", "key", "a", "b"]);
  expect([...Array(length).keys()].map((i) => made.map(({ values }) => values[i]))).toEqual(rows.map(({ endMs, key, a, b }) => [endMs - 5, endMs, key ?? null, a, b]));
}
