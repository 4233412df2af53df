// Many cells of windows that end together, straight into columns of results: by a generated loop where every result is made of numbers, else one by one.
import { generatedFunction, mayGenerateCode, SourceScope, type Texts } from "@streamflow/core";
import type { NumberCells, NumericAggregates, NumericCell } from "../numeric-aggregates.ts";
import { mergeCell, PaneCells, recordsColumn } from "./pane-cells.ts";
import { leadingFields, type ResultColumns } from "./result-columns.ts";
import type { WindowOutput } from "./window-output.ts";

/** Cells that fire. */
export interface FiringCells {
  /** In order of firing. */
  readonly slots: Int32Array;
  /** What a slot has in all of these is merged, in their order. Where there are several, a cell without records counts for nothing, and no slot is empty in all. */
  readonly sets: readonly NumberCells[];
  readonly keyAt: (slot: number) => unknown;
  /** The keys as texts, where they are known as such. */
  readonly textsOf?: (slots: Int32Array) => Texts | undefined;
}

/** Where the windows begin and end. */
export interface FiringBounds {
  readonly startMs: number;
  readonly endMs: number;
}

/** Stores the results of some slots behind the rows that are there. */
type Filler = (out: ResultColumns, cells: FiringCells, from: number, to: number) => void;

/** Fires on time, for one operator. */
export class NumericFiring {
  readonly #output: WindowOutput;
  readonly #numbers: NumericAggregates;
  readonly #cells: NumericCell[];
  readonly #sets: number;
  #fill: Filler | undefined;
  /** One cell, where several are merged. */
  #total: PaneCells | undefined;

  /** `sets`: how many there are in every firing. */
  constructor(output: WindowOutput, numbers: NumericAggregates, sets: number) {
    this.#output = output;
    this.#numbers = numbers;
    this.#sets = sets;
    this.#cells = numbers.names.map(() => undefined as unknown as NumericCell);
  }

  /** Fires all, and hands the results on. */
  fire(cells: FiringCells, bounds: FiringBounds): void {
    const columns = mayGenerateCode() && cells.sets.every(({ extras }) => extras.size === 0) ? this.#output.columns : undefined;
    if (columns === undefined) this.#fireEach(cells, bounds);
    else this.#fireAll(columns, cells, bounds);
    this.#output.flush();
  }

  #fireAll(columns: ResultColumns, cells: FiringCells, { startMs, endMs }: FiringBounds): void {
    const fill = (this.#fill ??= filler(this.#numbers, this.#sets));
    const { slots } = cells;
    const texts = cells.textsOf?.(slots);
    for (let from = 0; from < slots.length; ) {
      const to = from + columns.reserve(slots.length - from);
      const areTexts = texts !== undefined && columns.length === 0;
      if (areTexts) columns.putTexts(texts.slice(from, to));
      fill(columns, cells, from, to);
      columns.add(to - from, startMs, endMs);
      if (areTexts || columns.isFull) this.#output.flush();
      from = to;
    }
  }

  #fireEach({ slots, sets, keyAt }: FiringCells, { startMs, endMs }: FiringBounds): void {
    for (const slot of slots) {
      this.#cells.fill(sets.length === 1 ? { space: sets[0]!, slot } : this.#merged(sets, slot));
      this.#output.collect(this.#cells, { key: keyAt(slot), startMs, endMs, cause: "onTime" });
    }
  }

  #merged(sets: readonly NumberCells[], slot: number): NumericCell {
    const [first, ...more] = sets.filter(({ columns }) => columns[recordsColumn]![slot] !== 0).map((space): NumericCell => ({ space, slot }));
    if (first === undefined || more.length === 0) return first ?? { space: sets[0]!, slot };
    const total: NumericCell = { space: (this.#total ??= new PaneCells(this.#numbers.columns)), slot: 0 };
    this.#numbers.copy(total, first);
    for (const other of more) mergeCell(this.#numbers, total, other);
    return total;
  }
}

/** Writes the loop: key and results of each slot into their columns; what is no number goes by a call. */
function filler(numbers: NumericAggregates, sets: number): Filler {
  const scope = new SourceScope();
  const inputs = Array.from({ length: sets }, (_, set) => Array.from({ length: numbers.columns }, (__, c) => `,a${set}_${c}=cells.sets[${set}].columns[${c}]`).join("")).join("");
  const merge = sets === 1 ? "" : mergeText(numbers, sets, scope);
  const results = numbers.resultCode(sets === 1 ? (column) => `a0_${column}[s]` : (column) => `v${column}`);
  const outputs = results.map((_, at) => `,o${at}=out.columns[${leadingFields + at}]`).join("");
  const puts = results.map((result, at) => `r=${result};if(r!==null)o${at}[n]=r;else o${at}=out.putOther(${leadingFields + at},n,r);`).join("\n");
  const text = `return function fill(out,cells,from,to){const slots=cells.slots,keyAt=cells.keyAt${inputs};
let n=out.length,k,r,texts=out.areTexts,numbers=out.numberKeys${outputs};${scope.declarations}
for(let i=from;i<to;i++,n++){const s=slots[i];
if(!texts){k=keyAt(s);if(numbers!==undefined&&typeof k==="number")numbers[n]=k;else{out.putKey(n,k);numbers=undefined;}}
${merge}${puts}}}`;
  return generatedFunction(scope.bindings.map(([name]) => name), text)(...scope.bindings.map(([, value]) => value)) as Filler;
}

/** Statements that merge what a slot has in all sets into variables, those without records left out. */
function mergeText(numbers: NumericAggregates, sets: number, scope: SourceScope): string {
  const [records, ...values] = Array.from({ length: numbers.columns }, (_, c) => `v${c}`);
  const take = (set: number): string => values.map((value, at) => `${value}=a${set}_${recordsColumn + 1 + at}[s];`).join("");
  const more = Array.from({ length: sets - 1 }, (_, at) => {
    const count = `a${at + 1}_${recordsColumn}[s]`;
    return `if(${count}!==0){if(${records}===0){${take(at + 1)}}else{${numbers.mergeCode(scope, (column) => `v${column}`, (column) => `a${at + 1}_${column}[s]`)}}${records}+=${count};}`;
  });
  return `let ${records}=a0_${recordsColumn}[s]${values.map((value) => `,${value}`).join("")};${take(0)}${more.join("\n")}`;
}
