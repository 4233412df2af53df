// What keys have in several panes: cells in columns, by numbers that keys have for a while, without the keys themselves.
import { mayGenerateCode, generatedFunction, SourceScope } from "@streamflow/core";
import type { NumberCells, NumericAggregates, NumericCell } from "../numeric-aggregates.ts";

/** The column in which every cell counts its records: a cell without any is none. */
export const recordsColumn = 0;

const firstCapacity = 64;

/** Cells, which begin as zeros. */
export class PaneCells implements NumberCells {
  columns: Float64Array[];
  readonly extras: Map<number, unknown> = new Map();

  constructor(columns: number) {
    this.columns = Array.from({ length: columns }, () => new Float64Array(firstCapacity));
  }

  /** Sees that there are at least so many. */
  reserve(capacity: number): this {
    let room = this.columns[0]!.length;
    if (room >= capacity) return this;
    while (room < capacity) room *= 2;
    this.columns = this.columns.map((column) => {
      const wide = new Float64Array(room);
      wide.set(column);
      return wide;
    });
    return this;
  }

  clear(): void {
    for (const column of this.columns) column.fill(0);
    this.extras.clear();
  }
}

/** Adds what a cell holds to another one. */
export function mergeCell(numbers: NumericAggregates, into: NumericCell, other: NumericCell): void {
  into.space.columns[recordsColumn]![into.slot]! += other.space.columns[recordsColumn]![other.slot]!;
  numbers.merge(into, other);
}

/** Adds what the first cells of `other` hold to those of `into` that `places` says. */
export type CellAdder = (into: NumberCells, other: NumberCells, places: Int32Array) => void;

/** Makes one: a generated loop, where that is allowed, for cells that are nothing but numbers. */
export function cellAdder(numbers: NumericAggregates): CellAdder {
  const oneByOne: CellAdder = (into, other, places) => places.forEach((place, slot) => mergeCell(numbers, { space: into, slot: place }, { space: other, slot }));
  if (!mayGenerateCode()) return oneByOne;
  const scope = new SourceScope();
  const merge = numbers.mergeCode(scope, (column) => `a${column}[p]`, (column) => `b${column}[i]`);
  const columns = Array.from({ length: numbers.columns }, (_, c) => `a${c}=into.columns[${c}],b${c}=other.columns[${c}]`);
  const text = `return function add(into,other,places){const ${columns.join()};${scope.declarations}
for(let i=0;i<places.length;i++){const p=places[i];a${recordsColumn}[p]+=b${recordsColumn}[i];${merge}}}`;
  const add = generatedFunction(scope.bindings.map(([name]) => name), text)(...scope.bindings.map(([, value]) => value)) as CellAdder;
  return (into, other, places) => (other.extras.size === 0 ? add : oneByOne)(into, other, places);
}

/** Copies the cells of `from` that `places` says into the first ones of `into`. */
export function gather(into: NumberCells, from: NumberCells, places: Int32Array): void {
  from.columns.forEach((column, c) => {
    const target = into.columns[c]!;
    for (let i = 0; i < places.length; i++) target[i] = column[places[i]!]!;
  });
  if (from.extras.size === 0) return;
  places.forEach((place, slot) => copyExtra(into, slot, { space: from, slot: place }));
}

/** Puts them back. */
export function scatter(into: NumberCells, from: NumberCells, places: Int32Array): void {
  from.columns.forEach((column, c) => {
    const target = into.columns[c]!;
    for (let i = 0; i < places.length; i++) target[places[i]!] = column[i]!;
  });
  if (from.extras.size === 0 && into.extras.size === 0) return;
  places.forEach((place, slot) => copyExtra(into, place, { space: from, slot }));
}

function copyExtra(into: NumberCells, slot: number, from: NumericCell): void {
  if (from.space.extras.has(from.slot)) into.extras.set(slot, from.space.extras.get(from.slot));
  else into.extras.delete(slot);
}
