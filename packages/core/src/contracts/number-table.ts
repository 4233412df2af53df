// Keyed state of numbers, in columns: what aggregates over numbers keep. NUM clauses are proven by keyed/number-table.test.ts.
import type { Texts } from "../record.ts";

/**
 * The numbers of all keys of one namespace.
 * - NUM-1. A key has one slot, from its first `slotFor` until the namespace is dropped; its numbers begin as 0. Keys are equal as the type table says.
 * - NUM-2. `columns[c][slot]` is number `c` of a key. The arrays are others after a `slotFor` that made room: read them again.
 * - NUM-3. `forEach` visits in the order of TBL-2.
 * - NUM-4. A key that is removed has no slot any more; in a space of which keys were removed, `slotFor` may number all slots anew when it makes room.
 */
export interface NumberSpace {
  /** The slot of a key; −1: it has none. */
  slotOf(key: unknown): number;
  /** The slot of a key, made where there is none. */
  slotFor(key: unknown): number;
  /** The same for a number that is not NaN. */
  slotForNumber(key: number): number;
  /** As `slotOf`, for a text as in `slotForText`. */
  slotOfText(bytes: DataView, start: number, end: number): number;
  /** The same for a text that does not begin with U+0000, as its UTF-8: `bytes[start, end)`. Eight bytes behind are readable. */
  slotForText(bytes: DataView, start: number, end: number): number;
  readonly columns: readonly Float64Array[];
  /** What a key has beside its numbers, where it has anything; stored with it. */
  readonly extras: Map<number, unknown>;
  /** Removes the key of a slot that has one. */
  remove(slot: number): void;
  /** The slots of all keys in the order of `forEach`, for reading what they have; until a key comes or goes. */
  slots(): Int32Array;
  /** Sorts slots that have keys into the order of `forEach`. */
  inOrder(slots: number[]): number[];
  readonly size: number;
  keyAt(slot: number): unknown;
  /**
   * The keys of some slots as texts where they lie, until a key comes; those that are no texts, or in which JSON escapes something, as values. Undefined where no key is a text, or
   * all of them are longer than a string may be.
   */
  textsOf(slots: Int32Array): Texts | undefined;
  /** As `keyAt`, cheap for many of the keys that are there now. */
  keyReader(): (slot: number) => unknown;
  forEach(visit: (key: unknown, slot: number) => void): void;
}

/** Numbers by (namespace, key). */
export interface NumberTable {
  get(namespace: number): NumberSpace | undefined;
  /** The space of a namespace, made where there is none. */
  open(namespace: number): NumberSpace;
  /** Removes a namespace with all its keys; its space must not be used any more. */
  drop(namespace: number): void;
  /** Ascending. */
  namespaces(): readonly number[];
}

/** What a table of numbers is declared with. */
export interface NumberTableOptions {
  readonly columns: number;
  /** What the numbers mean: stored with them; a restore under another name is refused. */
  readonly format: string;
  /** @defaultValue 1 */
  readonly version?: number;
  /** Nothing of it is stored: the operator makes it anew from other tables. @defaultValue false */
  readonly isDerived?: boolean;
}
