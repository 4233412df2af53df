import fc from "fast-check";
import { expect, it } from "vitest";
import { ResultColumns } from "./result-columns.ts";

it("gives the records that were put, whatever their values are, and forgets them (property)", () => {
  const value = fc.oneof({ weight: 6, arbitrary: fc.double() }, { weight: 1, arbitrary: fc.constantFrom<unknown>(null, "text", 5n, -0, { a: 1 }) });
  const row = fc.record({ time: fc.integer(), key: value, a: value, b: value, isDropped: fc.boolean() });
  fc.assert(fc.property(fc.array(fc.array(row, { maxLength: 150 }), { maxLength: 3 }), (rounds) => {
    const columns = new ResultColumns(["a", "b"]);
    for (const rows of rounds) {
      for (const { time, key, a, b, isDropped } of rows) {
        columns.begin(time, key);
        columns.put(0, a);
        // One that cannot be finished is dropped half done.
        if (isDropped) columns.drop();
        else columns.put(1, b);
      }
      const kept = rows.filter(({ isDropped }) => !isDropped);
      const { length, timestamps, keys, columns: made } = columns.records;
      expect({ length, timestamps: [...timestamps], keys: [...keys], names: made.map(({ name }) => name) }).toEqual({ length: kept.length, timestamps: kept.map(({ time }) => time), keys: kept.map(({ key }) => key), names: ["a", "b"] });
      expect([...Array(length).keys()].map((i) => made.map(({ values }) => values[i]))).toEqual(kept.map(({ a, b }) => [a, b]));
      columns.clear();
    }
  }));
});
