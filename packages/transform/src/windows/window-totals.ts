// The numbers of windows on their way from the thread that has added them up (docs/adr/0007): one array, for each window its start and how many keys it has,
// then the keys in the order of their first records, then a column after the other.
import type { NumberSpace } from "@streamflow/core";
import type { NumericAggregates, NumericCell } from "../numeric-aggregates.ts";

const headLength = 2;

/** The spaces of some windows by their starts, as numbers; undefined where one holds more than numbers. */
export function writeTotals(spaces: readonly (readonly [startMs: number, space: NumberSpace])[], columns: number): Float64Array | undefined {
  const keys = spaces.reduce((sum, [, { size }]) => sum + size, 0);
  const numbers = new Float64Array(spaces.length * headLength + keys * (1 + columns));
  let at = 0;
  for (const [startMs, space] of spaces) {
    numbers[at] = startMs;
    numbers[at + 1] = space.size;
    if (!writeSpace(space, numbers.subarray(at + headLength), columns)) return undefined;
    at += headLength + space.size * (1 + columns);
  }
  return numbers;
}

function writeSpace(space: NumberSpace, into: Float64Array, columns: number): boolean {
  const { size } = space;
  let isPlain = space.extras.size === 0;
  let at = 0;
  space.forEach((key, slot) => {
    if (typeof key === "number") into[at] = key;
    else isPlain = false;
    for (let c = 0; c < columns; c++) into[at + size * (1 + c)] = space.columns[c]![slot]!;
    at++;
  });
  return isPlain;
}

/** What was written, window by window. */
export function readTotals(numbers: Float64Array, columns: number): readonly WindowTotals[] {
  const windows: WindowTotals[] = [];
  for (let at = 0; at < numbers.length; ) {
    const size = numbers[at + 1]!;
    const columnAt = (index: number): Float64Array => numbers.subarray(at + headLength + index * size, at + headLength + (index + 1) * size);
    windows.push(new WindowTotals(numbers[at]!, columnAt(0), Array.from({ length: columns }, (_, c) => columnAt(1 + c))));
    at += headLength + size * (1 + columns);
  }
  return windows;
}

const noExtras = new Map<number, unknown>();

/** The totals of one window: those of one key after the other are a cell. */
export class WindowTotals {
  readonly startMs: number;
  readonly #keys: Float64Array;
  readonly #slots: Int32Array;
  readonly #given: NumericCell;
  /** The same key in the state. */
  readonly #own: NumericCell = { space: { columns: [], extras: noExtras }, slot: 0 };

  constructor(startMs: number, keys: Float64Array, columns: readonly Float64Array[]) {
    this.startMs = startMs;
    this.#keys = keys;
    this.#slots = new Int32Array(keys.length);
    this.#given = { space: { columns, extras: noExtras }, slot: 0 };
  }

  /** Finds the keys, and makes those that are missing, as their records would. False: the numbers would not be those that the records give one by one. */
  place(numbers: NumericAggregates, space: NumberSpace): boolean {
    const [own, given] = [this.#own, this.#given];
    own.space = space;
    for (let i = 0; i < this.#keys.length; i++) {
      given.slot = i;
      own.slot = space.slotFor(this.#keys[i]);
      this.#slots[i] = own.slot;
      if (!numbers.isExact(own, given)) return false;
    }
    return true;
  }

  /** Adds everything, once it has a place. */
  add(numbers: NumericAggregates): void {
    const [own, given] = [this.#own, this.#given];
    for (let i = 0; i < this.#slots.length; i++) {
      given.slot = i;
      own.slot = this.#slots[i]!;
      numbers.merge(own, given);
    }
  }
}
