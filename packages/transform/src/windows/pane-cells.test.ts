import { forbidCodeGeneration } from "@streamflow/core/testing";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { AggregateSet } from "../aggregate-set.ts";
import { avg, count, max, min, sum } from "../aggregates.ts";
import { cellAdder, gather, mergeCell, PaneCells, scatter } from "./pane-cells.ts";

afterEach(() => forbidCodeGeneration(false));

const self = (value: unknown): never => value as never;
const set = new AggregateSet({ all: count(), some: count(self), mean: avg(self), total: sum(self), low: min(self), high: max(self) }, undefined, { get: () => undefined, names: () => [] });
const numbers = set.numeric(1)!;
const value = fc.oneof({ weight: 8, arbitrary: fc.double() }, { weight: 1, arbitrary: fc.constantFrom<unknown>(-0, null, 5n, "text") });
/** Values for each of some cells; of two hundred there are several arrays' worth. */
const cells = fc.array(fc.array(fc.oneof(fc.double(), fc.constantFrom<unknown>(-0, null, 5n)), { maxLength: 4 }), { maxLength: 200 });

function filled(lists: readonly (readonly unknown[])[]): PaneCells {
  const made = new PaneCells(numbers.columns).reserve(lists.length);
  lists.forEach((list, slot) => list.forEach((one) => {
    numbers.add(made, slot, set.inputs(one));
    made.columns[0]![slot]!++;
  }));
  return made;
}

const contentOf = ({ columns, extras }: PaneCells, length: number): unknown => [columns.map((column) => [...column.subarray(0, length)]), [...extras].sort(([a], [b]) => a - b)];

it("adds many cells as one by one, by generated code and without (property)", () => {
  fc.assert(fc.property(cells, cells, fc.infiniteStream(fc.nat()), (into, other, places) => {
    const at = Int32Array.from(other, () => places.next().value! % Math.max(1, into.length));
    if (into.length === 0) return;
    const expected = filled(into);
    at.forEach((place, slot) => mergeCell(numbers, { space: expected, slot: place }, { space: filled(other), slot }));
    for (const isForbidden of [false, true]) {
      forbidCodeGeneration(isForbidden);
      const sums = filled(into);
      cellAdder(numbers)(sums, filled(other), at);
      expect(contentOf(sums, into.length)).toEqual(contentOf(expected, into.length));
    }
  }), { numRuns: 30 });
});

it("what was gathered can be put back (property)", () => {
  fc.assert(fc.property(cells, fc.array(fc.array(value, { maxLength: 3 }), { minLength: 200, maxLength: 200 }), (before, after) => {
    const places = Int32Array.from(before, (_, slot) => before.length - 1 - slot);
    const kept = new PaneCells(numbers.columns).reserve(before.length);
    gather(kept, filled(before), places);
    const target = filled(after.slice(0, before.length).map((list) => list.filter((one) => typeof one !== "string")));
    scatter(target, kept, places);
    expect(contentOf(target, before.length)).toEqual(contentOf(filled(before), before.length));
    kept.clear();
    expect(contentOf(kept, before.length)).toEqual(contentOf(new PaneCells(numbers.columns).reserve(before.length), before.length));
  }), { numRuns: 50 });
});
