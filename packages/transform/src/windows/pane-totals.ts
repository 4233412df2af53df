// What the keys of a sliding window have in all of its panes, without adding them up anew for every window. No aggregate needs an inverse.
//
//   panes   … | f f f f | m m m m | b b b b | …        blocks of half a window, at fixed places
//   window        [ f f   m m m m   b b )
//
//   A window begins in one block, holds the second, and ends in the third. Its total is: the rest of the first block from the window's start on,
//   then what the second and the third block have so far.
//   T1. `rests`: for each pane of a block, what its keys have in the panes behind it in the block; added up from the last pane to the first, a few
//       panes per window while the block is the second one, so that it is there when windows begin in it. A pane that leaves puts the rests of its keys
//       in force: work per pane and key is constant, in the worst case too, whatever size and slide are.
//   T2. Blocks lie at multiples of their length: what is added to what depends on event time alone. So totals are not stored, but made again from the
//       panes, and are the same to the bit.
//   T3. A record that comes behind the watermark changes panes that were added up: its block is added up again, for the next window.
// @see van Herk 1992, "A fast algorithm for local minimum and maximum filters"; Gil and Werman 1993: the blocks, with rests and sums from both sides
// @see Tangwongsan, Hirzel, Schneider 2017, "Low-latency sliding-window aggregation in worst-case constant time": the work spread before it is needed
import type { NumberSpace, NumberTable, OperatorContext } from "@streamflow/core";
import type { NumericAggregates, NumericCell } from "../numeric-aggregates.ts";

/** Where panes are. */
export interface PaneGrid {
  /** Of a pane, in milliseconds. */
  readonly paneMs: number;
  readonly offsetMs: number;
  /** Panes of a window. */
  readonly length: number;
}

/** The column in which every cell counts its records: a cell without any is none. */
export const recordsColumn = 0;

interface Block {
  readonly index: number;
  /** Sums of its panes from the first up to and without `addedTo`. */
  sums: NumberSpace | undefined;
  addedTo: number;
  /** Sums of its panes from the last down to `restsFrom`; later from the window's start on. */
  front: NumberSpace | undefined;
  restsFrom: number;
}

/** Totals of one window after another. */
export class PaneTotals {
  readonly #numbers: NumericAggregates;
  readonly #panes: NumberTable;
  readonly #sums: NumberTable;
  readonly #fronts: NumberTable;
  readonly #rests: NumberTable;
  readonly #scratch: NumberSpace;
  readonly #grid: PaneGrid;
  readonly #blockLength: number;
  /** The block in which the window begins, and the two behind it. */
  #blocks: Block[] = [];
  /** The first pane of the present window. */
  #first = NaN;
  readonly #total: NumericCell;

  constructor(context: OperatorContext, numbers: NumericAggregates, { panes, grid }: { readonly panes: NumberTable; readonly grid: PaneGrid }) {
    this.#numbers = numbers;
    this.#panes = panes;
    this.#grid = grid;
    this.#blockLength = Math.ceil(grid.length / 2);
    this.#sums = numbers.table(context, "sums", true);
    this.#fronts = numbers.table(context, "fronts", true);
    this.#rests = numbers.table(context, "rests", true);
    this.#scratch = numbers.table(context, "scratch", true).open(0);
    this.#total = { space: this.#scratch, slot: this.#scratch.slotFor(0) };
  }

  /** Visits all keys that have something in the window that starts at a time, later than all before. The cell is used again. */
  forEach(startMs: number, visit: (key: unknown, cell: NumericCell) => void): void {
    this.#moveTo(this.#indexOf(startMs));
    const [front, middle, back] = [this.#blocks[0]?.front, this.#blocks[1]?.sums, this.#blocks[2]?.sums];
    front?.forEach((key, slot) => {
      if (front.columns[recordsColumn]![slot] !== 0) visit(key, this.#added(key, { space: front, slot }, [middle, back]));
    });
    middle?.forEach((key, slot) => {
      if (!has(front, key)) visit(key, this.#added(key, { space: middle, slot }, [back]));
    });
    back?.forEach((key, slot) => {
      if (!has(front, key) && !has(middle, key)) visit(key, { space: back, slot });
    });
  }

  /** What one key has in a window, which may have been passed: equal to the bit to what `forEach` gives. The cell is used again. */
  totalOf(startMs: number, key: unknown): NumericCell {
    const first = this.#indexOf(startMs);
    const end = first + this.#grid.length;
    const block = Math.floor(first / this.#blockLength);
    const bounds = [block + 1, block + 2, block + 3].map((index) => Math.min(end, index * this.#blockLength));
    const total = this.#emptied();
    for (let pane = bounds[0]! - 1; pane >= first; pane--) this.#addPane(total, pane, key);
    const part = { space: this.#scratch, slot: this.#scratch.slotFor(1) };
    for (const at of [1, 2]) {
      this.#clear(part);
      for (let pane = bounds[at - 1]!; pane < bounds[at]!; pane++) this.#addPane(part, pane, key);
      if (part.space.columns[recordsColumn]![part.slot] !== 0) this.#merge(total, part);
    }
    return total;
  }

  /** A cell of its own for what one record adds. */
  alone(): NumericCell {
    return this.#emptied();
  }

  /** A pane has changed that may have been added up. */
  changed(paneStartMs: number): void {
    const pane = this.#indexOf(paneStartMs);
    const block = this.#blocks.find(({ index }) => index === Math.floor(pane / this.#blockLength));
    if (block === undefined) return;
    if (pane < block.addedTo) this.#dropSums(block);
    if (pane >= block.restsFrom) this.#dropFront(block);
  }

  #indexOf(timeMs: number): number {
    return (timeMs - this.#grid.offsetMs) / this.#grid.paneMs;
  }

  #pane(index: number): NumberSpace | undefined {
    return this.#panes.get(index * this.#grid.paneMs + this.#grid.offsetMs);
  }

  #moveTo(first: number): void {
    const end = first + this.#grid.length;
    const moved = first - this.#first;
    this.#first = first;
    this.#shiftTo(Math.floor(first / this.#blockLength));
    const [front, middle, back] = this.#blocks as [Block, Block, Block];
    this.#addRests(front, first);
    this.#leave(front, first);
    this.#addUp(middle, end);
    this.#addUp(back, end);
    // Twice as fast as panes leave: it is done before windows begin there.
    const isComplete = middle.addedTo === (middle.index + 1) * this.#blockLength;
    if (isComplete) this.#addRests(middle, Math.max(middle.index * this.#blockLength, middle.restsFrom - 2 * (moved > 0 ? moved : 1)));
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
    this.#sums.drop(block.index);
    block.sums = undefined;
    block.addedTo = block.index * this.#blockLength;
  }

  #dropFront(block: Block): void {
    this.#fronts.drop(block.index);
    const end = (block.index + 1) * this.#blockLength;
    for (let pane = block.restsFrom; pane < end; pane++) this.#rests.drop(pane);
    block.front = undefined;
    block.restsFrom = end;
  }

  /** Adds the panes of a block that begin before `end` to its sums. */
  #addUp(block: Block, end: number): void {
    const to = Math.min(end, (block.index + 1) * this.#blockLength);
    for (; block.addedTo < to; block.addedTo++) {
      const pane = this.#pane(block.addedTo);
      if (pane === undefined) continue;
      const sums = (block.sums ??= this.#sums.open(block.index));
      pane.forEach((key, slot) => this.#merge({ space: sums, slot: sums.slotFor(key) }, { space: pane, slot }));
    }
  }

  /** Goes on with the rests of a block, down to a pane. */
  #addRests(block: Block, to: number): void {
    while (block.restsFrom > to) {
      const index = --block.restsFrom;
      const pane = this.#pane(index);
      if (pane === undefined) continue;
      const front = (block.front ??= this.#fronts.open(block.index));
      const rests = this.#rests.open(index);
      pane.forEach((key, slot) => {
        const into = front.slotFor(key);
        const rest = rests.slotFor(key);
        if (front.columns[recordsColumn]![into] !== 0) this.#numbers.copy({ space: rests, slot: rest }, { space: front, slot: into });
        this.#merge({ space: front, slot: into }, { space: pane, slot });
      });
    }
  }

  /** Puts the rests of all panes before the window in force. */
  #leave(block: Block, first: number): void {
    for (; block.restsFrom < first; block.restsFrom++) {
      const rests = this.#rests.get(block.restsFrom);
      const { front } = block;
      if (rests === undefined || front === undefined) continue;
      rests.forEach((key, slot) => this.#numbers.copy({ space: front, slot: front.slotOf(key) }, { space: rests, slot }));
      this.#rests.drop(block.restsFrom);
    }
  }

  /** A cell and what further spaces have of its key. */
  #added(key: unknown, cell: NumericCell, more: readonly (NumberSpace | undefined)[]): NumericCell {
    let total = cell;
    for (const space of more) {
      const slot = space?.slotOf(key) ?? -1;
      if (space === undefined || slot < 0) continue;
      if (total === cell) {
        this.#numbers.copy(this.#total, cell);
        total = this.#total;
      }
      this.#merge(total, { space, slot });
    }
    return total;
  }

  #addPane(into: NumericCell, index: number, key: unknown): void {
    const space = this.#pane(index);
    const slot = space?.slotOf(key) ?? -1;
    if (space !== undefined && slot >= 0) this.#merge(into, { space, slot });
  }

  #merge(into: NumericCell, other: NumericCell): void {
    into.space.columns[recordsColumn]![into.slot]! += other.space.columns[recordsColumn]![other.slot]!;
    this.#numbers.merge(into, other);
  }

  #emptied(): NumericCell {
    this.#clear(this.#total);
    return this.#total;
  }

  #clear({ space, slot }: NumericCell): void {
    for (const column of space.columns) column[slot] = 0;
    space.extras.delete(slot);
  }
}

function has(space: NumberSpace | undefined, key: unknown): boolean {
  const slot = space?.slotOf(key) ?? -1;
  return slot >= 0 && space?.columns[recordsColumn]![slot] !== 0;
}
