// What the keys of a sliding window have in all of its panes, without adding them up anew for every window. No aggregate needs an inverse.
//
//   panes   … | f f f f | m m m m | b b b b | …        blocks of half a window, at fixed places
//   window        [ f f   m m m m   b b )
//
//   A window begins in one block, holds the second, and ends in the third. Its total is: the rest of the first block from the window's start on,
//   then what the second and the third block have so far.
//   T1. Rests: for each pane of a block, what its keys have in the panes behind it in the block; added up from the last pane to the first, a few
//       panes per window while the block is the second one, so that it is there when windows begin in it. A pane that leaves puts the rests of its keys
//       in force: work per pane and key is constant, in the worst case too, whatever size and slide are.
//   T2. Blocks lie at multiples of their length: what is added to what depends on event time alone. So totals are not stored, but made again from the
//       panes, and are the same to the bit.
//   T3. A record that comes behind the watermark changes panes that were added up: its block is added up again, for the next window.
//   T4. Keys have numbers (key-order.ts), by which all sums stand in columns. A pane knows the numbers of its keys: to add it up, nothing is looked up.
// @see van Herk 1992, "A fast algorithm for local minimum and maximum filters"; Gil and Werman 1993: the blocks, with rests and sums from both sides
// @see Tangwongsan, Hirzel, Schneider 2017, "Low-latency sliding-window aggregation in worst-case constant time": the work spread before it is needed
import type { NumberSpace, NumberTable, OperatorContext } from "@streamflow/core";
import type { NumericAggregates, NumericCell } from "../numeric-aggregates.ts";
import { KeyOrder } from "./key-order.ts";
import type { FiringCells } from "./numeric-firing.ts";
import { type CellAdder, cellAdder, gather, mergeCell, PaneCells, recordsColumn, scatter } from "./pane-cells.ts";

/** Where panes are. */
export interface PaneGrid {
  /** Of a pane, in milliseconds. */
  readonly paneMs: number;
  readonly offsetMs: number;
  /** Panes of a window. */
  readonly length: number;
}

interface Block {
  readonly index: number;
  /** Sums of its panes from the first up to and without `addedTo`. */
  sums: PaneCells | undefined;
  addedTo: number;
  /** Sums of its panes from the last down to `restsFrom`; later from the window's start on. */
  front: PaneCells | undefined;
  restsFrom: number;
}

/** A pane of the present window. */
interface Link {
  readonly pane: NumberSpace;
  /** By slot of the pane: the number of its key. */
  readonly numbers: Int32Array;
  /** By slot of the pane. */
  rests: PaneCells | undefined;
}

const maxSpare = 4;
/** Where keys have left, and fewer than one in so many numbers is in use, everything is made anew. */
const emptiness = 8;
const fewKeys = 1_024;

/** Totals of one window after another. */
export class PaneTotals {
  /** In how many sets of cells a total stands: what is left of the first block, and the sums of the others. */
  static readonly sets = 3;
  readonly #numbers: NumericAggregates;
  readonly #add: CellAdder;
  readonly #panes: NumberTable;
  readonly #grid: PaneGrid;
  readonly #blockLength: number;
  /** The block in which the window begins, and the two behind it. */
  #blocks: Block[] = [];
  /** The first pane of the present window. */
  #first = NaN;
  readonly #known: NumberTable;
  #keys: KeyOrder;
  /** The panes of the present window that hold something. */
  readonly #links = new Map<number, Link>();
  /** All panes of the window are up to date in `#links`, and in the order of keys. */
  #isLinked = false;
  readonly #spare: PaneCells[] = [];
  /** Always zeros. */
  readonly #none: PaneCells;
  /** For one key: its total, and a part of it. */
  readonly #scratch: PaneCells;

  constructor(context: OperatorContext, numbers: NumericAggregates, { panes, grid }: { readonly panes: NumberTable; readonly grid: PaneGrid }) {
    this.#numbers = numbers;
    this.#add = cellAdder(numbers);
    this.#panes = panes;
    this.#grid = grid;
    this.#blockLength = Math.ceil(grid.length / 2);
    this.#known = context.state.numbers("keys", { columns: 1, format: "numbers", isDerived: true });
    this.#keys = new KeyOrder(this.#known);
    this.#none = new PaneCells(numbers.columns);
    this.#scratch = new PaneCells(numbers.columns);
  }

  /** What all keys have in the window that starts at a time, later than all before: in order of the last pane of each, until something else is asked. */
  cellsOf(startMs: number): FiringCells {
    this.#moveTo(this.#indexOf(startMs));
    const [front, middle, back] = this.#blocks;
    const { capacity } = this.#keys;
    const sets = [front?.front, middle?.sums, back?.sums].map((cells) => (cells ?? this.#none).reserve(capacity)) as [PaneCells, PaneCells, PaneCells];
    const slots = this.#keys.retain(sets.map(({ columns }) => columns[recordsColumn]!) as [Float64Array, Float64Array, Float64Array]);
    const cells: FiringCells = { slots, sets, keyAt: this.#keys.keyAt };
    if (capacity > fewKeys && emptiness * slots.length < capacity) this.#restart();
    return cells;
  }

  /** What one key has in a window, which may have been passed: equal to the bit to what `cellsOf` gives. The cell is used again. */
  totalOf(startMs: number, key: unknown): NumericCell {
    const first = this.#indexOf(startMs);
    const end = first + this.#grid.length;
    const block = Math.floor(first / this.#blockLength);
    const bounds = [block + 1, block + 2, block + 3].map((index) => Math.min(end, index * this.#blockLength));
    const total = this.alone();
    for (let pane = bounds[0]! - 1; pane >= first; pane--) this.#addPane(total, pane, key);
    const part = { space: this.#scratch, slot: 1 };
    for (const at of [1, 2]) {
      this.#clear(part);
      for (let pane = bounds[at - 1]!; pane < bounds[at]!; pane++) this.#addPane(part, pane, key);
      if (part.space.columns[recordsColumn]![part.slot] !== 0) mergeCell(this.#numbers, total, part);
    }
    return total;
  }

  /** A cell of its own for what one record adds. */
  alone(): NumericCell {
    const total = { space: this.#scratch, slot: 0 };
    this.#clear(total);
    return total;
  }

  /** A pane has changed that may have been added up. */
  changed(paneStartMs: number): void {
    const pane = this.#indexOf(paneStartMs);
    if (!(pane >= this.#first && pane < this.#first + this.#grid.length)) return;
    const block = this.#blocks.find(({ index }) => index === Math.floor(pane / this.#blockLength));
    if (block !== undefined && pane < block.addedTo) this.#dropSums(block);
    if (block !== undefined && pane >= block.restsFrom) this.#dropFront(block);
    this.#links.delete(pane);
    this.#isLinked = false;
  }

  #indexOf(timeMs: number): number {
    return (timeMs - this.#grid.offsetMs) / this.#grid.paneMs;
  }

  #pane(index: number): NumberSpace | undefined {
    return this.#panes.get(index * this.#grid.paneMs + this.#grid.offsetMs);
  }

  #moveTo(first: number): void {
    const { length } = this.#grid;
    const before = this.#first;
    const moved = first - before;
    this.#first = first;
    this.#shiftTo(Math.floor(first / this.#blockLength));
    this.#linkUp(this.#isLinked ? Math.max(first, before + length) : first, first + length);
    const [front, middle, back] = this.#blocks as [Block, Block, Block];
    this.#addRests(front, first);
    this.#leave(front, first);
    for (let pane = before; pane < Math.min(first, before + length); pane++) this.#links.delete(pane);
    this.#addUp(middle, first + length);
    this.#addUp(back, first + length);
    // Twice as fast as panes leave: it is done before windows begin there.
    const isComplete = middle.addedTo === (middle.index + 1) * this.#blockLength;
    if (isComplete) this.#addRests(middle, Math.max(middle.index * this.#blockLength, middle.restsFrom - 2 * (moved > 0 ? moved : 1)));
  }

  /** Gives the keys of panes their numbers, and puts them in order. */
  #linkUp(from: number, end: number): void {
    for (let index = from; index < end; index++) {
      const link = this.#links.get(index) ?? this.#link(index);
      if (link !== undefined) for (const slot of link.pane.slots()) this.#keys.touch(link.numbers[slot]!);
    }
    this.#isLinked = true;
  }

  #link(index: number): Link | undefined {
    const pane = this.#pane(index);
    if (pane === undefined) return undefined;
    const numbers = new Int32Array(pane.size);
    const keyAt = pane.keyReader();
    for (const slot of pane.slots()) numbers[slot] = this.#keys.numberOf(keyAt(slot));
    const link: Link = { pane, numbers, rests: undefined };
    this.#links.set(index, link);
    return link;
  }

  #shiftTo(index: number): void {
    const wanted = [index, index + 1, index + 2].map((at) => this.#blocks.find((block) => block.index === at) ?? this.#newBlock(at));
    for (const block of this.#blocks) {
      if (block.index < index) this.#dropFront(block);
      if (block.index <= index) this.#dropSums(block);
    }
    this.#blocks = wanted;
  }

  #newBlock(index: number): Block {
    return { index, sums: undefined, addedTo: index * this.#blockLength, front: undefined, restsFrom: (index + 1) * this.#blockLength };
  }

  #dropSums(block: Block): void {
    this.#give(block.sums);
    block.sums = undefined;
    block.addedTo = block.index * this.#blockLength;
  }

  #dropFront(block: Block): void {
    this.#give(block.front);
    const end = (block.index + 1) * this.#blockLength;
    for (let pane = block.restsFrom; pane < end; pane++) this.#dropRests(this.#links.get(pane));
    block.front = undefined;
    block.restsFrom = end;
  }

  #dropRests(link: Link | undefined): void {
    if (link?.rests === undefined) return;
    this.#give(link.rests);
    link.rests = undefined;
  }

  /** Adds the panes of a block that begin before `end` to its sums. */
  #addUp(block: Block, end: number): void {
    const to = Math.min(end, (block.index + 1) * this.#blockLength);
    for (; block.addedTo < to; block.addedTo++) {
      const link = this.#links.get(block.addedTo);
      if (link !== undefined) this.#add((block.sums ??= this.#take()).reserve(this.#keys.capacity), link.pane, link.numbers);
    }
  }

  /** Goes on with the rests of a block, down to a pane. */
  #addRests(block: Block, to: number): void {
    while (block.restsFrom > to) {
      const link = this.#links.get(--block.restsFrom);
      if (link === undefined) continue;
      const front = (block.front ??= this.#take()).reserve(this.#keys.capacity);
      link.rests = this.#take().reserve(link.numbers.length);
      gather(link.rests, front, link.numbers);
      this.#add(front, link.pane, link.numbers);
    }
  }

  /** Puts the rests of all panes before the window in force. */
  #leave(block: Block, first: number): void {
    for (; block.restsFrom < first; block.restsFrom++) {
      const link = this.#links.get(block.restsFrom);
      if (link?.rests === undefined || block.front === undefined) continue;
      scatter(block.front, link.rests, link.numbers);
      this.#dropRests(link);
    }
  }

  #take(): PaneCells {
    return this.#spare.pop() ?? new PaneCells(this.#numbers.columns);
  }

  #give(cells: PaneCells | undefined): void {
    if (cells === undefined || this.#spare.length >= maxSpare) return;
    cells.clear();
    this.#spare.push(cells);
  }

  /** Everything is made again from the panes, for the next window. */
  #restart(): void {
    this.#blocks = [];
    this.#links.clear();
    this.#keys = new KeyOrder(this.#known);
    this.#isLinked = false;
    this.#spare.length = 0;
  }

  #addPane(into: NumericCell, index: number, key: unknown): void {
    const space = this.#pane(index);
    const slot = space?.slotOf(key) ?? -1;
    if (space !== undefined && slot >= 0) mergeCell(this.#numbers, into, { space, slot });
  }

  #clear({ space, slot }: NumericCell): void {
    for (const column of space.columns) column[slot] = 0;
    space.extras.delete(slot);
  }
}
