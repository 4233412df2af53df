// Keys by small numbers, in the order in which they came last: what a sliding window holds, newest pane last.
//   K1. A key keeps its number from `numberOf` until `retain` finds it gone; then the number is free for another one.
//   K2. The order depends on what came since a key that is still there came last, and on nothing before: it is the same after a restart.
//   K3. A key that has gone stays in the table, without a number, until as many have gone as are there: then the table is made anew.
import type { NumberSpace, NumberTable } from "@streamflow/core";

const firstCapacity = 64;
type ThreeColumns = readonly [Float64Array, Float64Array, Float64Array];

/** The keys of a sliding window. */
export class KeyOrder {
  readonly #table: NumberTable;
  /** One column: 1 + the number of a key; 0: it has gone. */
  #numbers: NumberSpace;
  /** By number. */
  readonly #keys: unknown[] = [];
  /** By number: the slot of its key. */
  #slots = new Int32Array(firstCapacity);
  readonly #free: number[] = [];
  /** By number: its place in the order; −1: it has none. */
  #places = new Int32Array(firstCapacity).fill(-1);
  /** Numbers; −1 where one has moved on. */
  #order = new Int32Array(firstCapacity);
  #length = 0;

  /** Has the table, of one column, to itself. */
  constructor(table: NumberTable) {
    this.#table = table;
    this.#numbers = cleared(table);
  }

  /** Numbers are below this. */
  get capacity(): number {
    return this.#keys.length;
  }

  /** The number of a key, a new one where it has none. */
  numberOf(key: unknown): number {
    const slot = slotFor(this.#numbers, key);
    const numbers = this.#numbers.columns[0]!;
    if (numbers[slot] !== 0) return numbers[slot]! - 1;
    const number = this.#free.pop() ?? this.#keys.length;
    if (number === this.#places.length) {
      this.#places = widened(this.#places, -1);
      this.#slots = widened(this.#slots, 0);
    }
    numbers[slot] = number + 1;
    this.#slots[number] = slot;
    this.#keys[number] = key;
    return number;
  }

  /** The key of a number. */
  readonly keyAt = (number: number): unknown => this.#keys[number];

  /** A key has come: it goes to the end. */
  touch(number: number): void {
    const place = this.#places[number]!;
    if (place >= 0) this.#order[place] = -1;
    if (this.#length === this.#order.length) this.#makeRoom();
    this.#order[this.#length] = number;
    this.#places[number] = this.#length++;
  }

  /** Forgets the keys that have a zero in all three columns. Answers the numbers of the others, in order, until the next key comes. */
  retain(columns: ThreeColumns): Int32Array {
    const free = this.#free.length;
    this.#length = squeeze(this.#order.subarray(0, this.#length), { places: this.#places, columns, free: this.#free });
    const numbers = this.#numbers.columns[0]!;
    for (const number of this.#free.slice(free)) {
      numbers[this.#slots[number]!] = 0;
      this.#keys[number] = undefined;
    }
    const kept = this.#order.subarray(0, this.#length);
    if (this.#numbers.size > 2 * kept.length + firstCapacity) this.#insertAnew(kept);
    return kept;
  }

  #insertAnew(numbers: Int32Array): void {
    const space = cleared(this.#table);
    for (const number of numbers) {
      const slot = slotFor(space, this.#keys[number]);
      space.columns[0]![slot] = number + 1;
      this.#slots[number] = slot;
    }
    this.#numbers = space;
  }

  #makeRoom(): void {
    let kept = 0;
    for (const number of this.#order) {
      if (number < 0) continue;
      this.#order[kept] = number;
      this.#places[number] = kept++;
    }
    this.#length = kept;
    if (2 * kept > this.#order.length) this.#order = widened(this.#order, 0);
  }
}

/** Moves those that have something together. Answers how many there are. By itself, since V8 comes back from a loop it has compiled as from a call. */
function squeeze(order: Int32Array, { places, columns: [a, b, c], free }: { readonly places: Int32Array; readonly columns: ThreeColumns; readonly free: number[] }): number {
  let kept = 0;
  for (let i = 0; i < order.length; i++) {
    const number = order[i]!;
    if (number < 0) continue;
    if (a[number] === 0 && b[number] === 0 && c[number] === 0) {
      places[number] = -1;
      free.push(number);
    } else {
      order[kept] = number;
      places[number] = kept++;
    }
  }
  return kept;
}

function cleared(table: NumberTable): NumberSpace {
  table.drop(0);
  return table.open(0);
}

function slotFor(space: NumberSpace, key: unknown): number {
  return typeof key === "number" && key === key ? space.slotForNumber(key) : space.slotFor(key);
}

function widened(old: Int32Array<ArrayBuffer>, rest: number): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(2 * old.length).fill(rest, old.length);
  wide.set(old);
  return wide;
}
