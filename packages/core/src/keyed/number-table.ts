// Keyed state that is nothing but numbers: a space of columns for each namespace.
//   A space that was dropped is used again, without its keys: windows come and go.
import type { NumberSpace, NumberTable, NumberTableOptions } from "../contracts/number-table.ts";
import { StreamFlowError } from "../errors.ts";
import type { KeyRules } from "./keyed-table.ts";
import { type ArrayPool, Space } from "./number-space.ts";
import { readColumns, type SortedCopy, sortedCopy, type SpaceCopy, writeColumns } from "./space-copy.ts";
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

  /** The parts that hold something, as they are now: columns are copied, and become bytes when a part is written. */
  parts(): readonly TablePart[] {
    this.#pool.begin();
    const copies = this.namespaces().map((namespace) => new CopyOnce(namespace, this.#spaces.get(namespace)!.copy(this.#pool)));
    const groups = Array.from({ length: this.#rules.groups }, (_, group) => group).filter((group) => copies.some(({ copy }) => copy.counts[group]! > 0));
    const use = this.#pool.use(groups.length, copies.flatMap(({ copy }) => copy.columns));
    return groups.map((group) => ({
      group,
      *write() {
        const held: (SortedCopy & { readonly namespace: number })[] = [];
        for (const one of copies) if (one.copy.counts[group]! > 0) held.push({ ...(yield* one.sorted()), namespace: one.namespace });
        const bytes = yield* writeColumns(held, group);
        use();
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

/** A copy that is sorted when its first part is written. */
class CopyOnce {
  readonly namespace: number;
  readonly copy: SpaceCopy;
  #sorted: SortedCopy | undefined;

  constructor(namespace: number, copy: SpaceCopy) {
    this.namespace = namespace;
    this.copy = copy;
  }

  *sorted(): Generator<undefined, SortedCopy> {
    return (this.#sorted ??= yield* sortedCopy(this.copy));
  }
}

/** Arrays of the copies before: to fill a new one costs several times as much, because the system has to find its memory first. */
class CopyPool implements ArrayPool {
  #spare = new Map<number, Float64Array[]>();
  #next: readonly Float64Array[] = [];

  begin(): void {
    this.#spare = Map.groupBy(this.#next, ({ length }) => length);
    this.#next = [];
  }

  take(length: number): Float64Array {
    return this.#spare.get(length)?.pop() ?? new Float64Array(length);
  }

  /** Answers what is to be called as each of so many parts has been written: after the last, the arrays are free. A part that is never written leaves them to the collector. */
  use(parts: number, arrays: readonly Float64Array[]): () => void {
    this.#spare = new Map();
    let left = parts;
    return () => {
      if (--left === 0) this.#next = arrays;
    };
  }
}
