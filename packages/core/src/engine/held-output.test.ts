import fc from "fast-check";
import { expect, it } from "vitest";
import type { Cursor } from "../contracts/operator.ts";
import { type ColumnForm, HeldOutput } from "./held-output.ts";

const form: ColumnForm = {
  names: ["a", "b"], kinds: ["numbers", "values"],
  rowsOf: ([a, b], length) => Array.from({ length }, (_, i) => ({ a: a?.values[i], b: b?.values[i] })),
};

/** What generated code does. */
function addFields(held: HeldOutput, a: number, b: unknown, cursor: Cursor): boolean {
  if (held.form !== form) return false;
  if (held.length === held.capacity) held.grow();
  if (held.shard !== "p") held.run("p");
  (held.columns[0] as Float64Array)[held.length] = a;
  (held.columns[1] as unknown[])[held.length] = b;
  held.times[held.length] = cursor.timestampMs;
  held.indexes[held.length] = cursor.index;
  held.changes[held.length] = 0;
  held.length++;
  return true;
}

it("O1: keeps the order of rows and columns, and what is known of each (property)", () => {
  const step = fc.record({ kind: fc.constantFrom("fields", "fields", "fields", "row", "clear"), times: fc.constantFrom(1, 3, 700), shard: fc.constantFrom("p", "q") });
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
    const held = new HeldOutput();
    let expected: { value: unknown; shard: string; time: number; index: number; change: number }[] = [];
    let n = 0;
    for (const { kind, times, shard } of steps) {
      if (kind === "clear") {
        held.clear();
        expected = [];
      }
      held.prepare(form);
      for (let i = 0; i < (kind === "clear" ? 0 : times); i++, n++) {
        const cursor: Cursor = { timestampMs: n, key: undefined, change: kind === "row" && n % 3 === 0 ? 3 : 0, index: n % 50 };
        const value = { a: n, b: `b${n}` };
        const isTaken = kind === "fields" && addFields(held, n, value.b, cursor);
        if (!isTaken) held.add(value, shard, cursor);
        expected.push({ value, shard: isTaken ? "p" : shard, time: n, index: cursor.index, change: cursor.change });
      }
    }
    expect(held.length).toBe(expected.length);
    expect(expected.every(({ change }) => change === 0)).toBe(!held.anyChange);
    const values = held.values;
    expect(expected.map((_, i) => ({ value: values[i], shard: held.shardAt(i), time: held.times[i], index: held.indexes[i], change: held.changes[i] }))).toEqual(expected);
    expect([held.shardAt(-1), held.shardAt(expected.length)]).toEqual([undefined, undefined]);
    if (held.asColumns !== undefined) expect(form.rowsOf(held.asColumns, held.length)).toEqual(expected.map(({ value }) => value));
  }), { numRuns: 200, examples: [[[{ kind: "fields", times: 700, shard: "p" }, { kind: "fields", times: 700, shard: "p" }]]] });
});
