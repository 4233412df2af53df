// Keyed state that is nothing but numbers: a space of columns for each namespace.
//   A space that was dropped is used again, without its keys: windows come and go.
import type { NumberSpace, NumberTable, NumberTableOptions } from "../contracts/number-table.ts";
import { StreamFlowError } from "../errors.ts";
import type { KeyRules } from "./keyed-table.ts";
import { type ArrayPool, blockLength, type LiveArrays } from "./live-copy.ts";
import { Space } from "./number-space.ts";
import { readColumns, type SortedCopy, writeColumns } from "./space-copy.ts";
import type { TablePart } from "./table-part.ts";

const maxFree = 4;

/** A table of numbers, copied and restored by key group. */
export class MemoryNumberTable implements NumberTable {
  readonly name: string;
  readonly serializer: { readonly name: string; readonly version: number };
  /** Nothing of it is stored. */
  readonly isDerived: boolean;
  readonly #columns: number;
  readonly #rules: KeyRules;
  readonly #spaces = new Map<number, Space>();
  readonly #free: Space[] = [];
  readonly #unindexed = new Set<Space>();
  readonly #pool = new CopyPool();

  constructor(name: string, { columns, format, version = 1, isDerived = false }: NumberTableOptions, rules: KeyRules) {
    this.name = name;
    this.serializer = { name: `columns:${format}`, version };
    this.isDerived = isDerived;
    this.#columns = columns;
    this.#rules = rules;
  }

  get(namespace: number): NumberSpace | undefined {
    if (this.#unindexed.size > 0) this.#index();
    return this.#spaces.get(namespace);
  }

  open(namespace: number): NumberSpace {
    if (this.#unindexed.size > 0) this.#index();
    return this.#open(namespace);
  }

  drop(namespace: number): void {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    this.#spaces.delete(namespace);
    this.#unindexed.delete(space);
    if (this.#free.length >= maxFree) return;
    space.clear();
    this.#free.push(space);
  }

  namespaces(): readonly number[] {
    return [...this.#spaces.keys()].sort((a, b) => a - b);
  }

  /** Entries in all namespaces. */
  get size(): number {
    let size = 0;
    for (const space of this.#spaces.values()) size += space.size;
    return size;
  }

  /** The parts that hold something, as they are now: they become bytes when they are written, whatever changes meanwhile. */
  parts(): readonly TablePart[] {
    const pool = this.#pool.begin();
    const copies = this.namespaces().map((namespace) => ({ namespace, copy: this.#spaces.get(namespace)!.copy(pool) }));
    const groups = Array.from({ length: this.#rules.groups }, (_, group) => group).filter((group) => copies.some(({ copy }) => copy.counts[group]! > 0));
    let left = groups.length;
    return groups.map((group) => ({
      group,
      *write() {
        const held: (SortedCopy & { readonly namespace: number })[] = [];
        for (const { namespace, copy } of copies) if (copy.counts[group]! > 0) held.push({ ...(yield* copy.sorted()), namespace });
        const bytes = yield* writeColumns(held, group);
        if (--left === 0) pool.isOver = true;
        return bytes;
      },
    }));
  }

  /** Adds the entries that a part held. */
  restore(group: number, bytes: Uint8Array, _version: number): void {
    for (const stored of readColumns(bytes)) {
      if (stored.columns.length !== this.#columns) throw new StreamFlowError("SF_STATE_CORRUPT", `state "${this.name}": its entries have other numbers than ${this.serializer.name} says`);
      const space = this.#open(stored.namespace);
      space.append(group, stored);
      this.#unindexed.add(space);
    }
  }

  /** What was restored is made to be found once, when it is asked for. */
  #index(): void {
    for (const space of this.#unindexed) space.index();
    this.#unindexed.clear();
  }

  #open(namespace: number): Space {
    let space = this.#spaces.get(namespace);
    if (space === undefined) {
      space = this.#free.pop() ?? new Space(this.#rules, this.#columns);
      this.#spaces.set(namespace, space);
    }
    return space;
  }
}

/** Most blocks that are kept for the next copy. */
const maxKept = 1_024;

/** Arrays of the copy before: to fill a new one costs several times as much, because the system has to find its memory first. */
class CopyPool {
  #last: CopyArrays | undefined;
  #kept: LiveArrays[] = [];

  /** The arrays of a new copy. Those of the one before are used again where all of it was written; else they are left to the collector. */
  begin(): CopyArrays {
    const last = this.#last;
    this.#last = new CopyArrays(last?.isOver === true ? last.taken : [], this.#kept);
    return this.#last;
  }
}

class CopyArrays implements ArrayPool {
  /** All parts were written. */
  isOver = false;
  readonly taken: Float64Array[] = [];
  readonly #spare: Map<number, Float64Array[]>;
  readonly #kept: LiveArrays[];

  constructor(spare: readonly Float64Array[], kept: LiveArrays[]) {
    this.#spare = Map.groupBy(spare, ({ length }) => length);
    this.#kept = kept;
  }

  take(length: number): Float64Array {
    const array = this.#spare.get(length)?.pop() ?? new Float64Array(length);
    this.taken.push(array);
    return array;
  }

  takeBlock(columns: number): LiveArrays {
    return this.#kept.pop() ?? { groups: new Uint8Array(blockLength), columns: Array.from({ length: columns }, () => new Float64Array(blockLength)) };
  }

  giveBlocks(blocks: readonly LiveArrays[]): void {
    this.#kept.push(...blocks.slice(0, maxKept - this.#kept.length));
  }
}
