// Keyed state that is nothing but numbers: a space of columns for each namespace.
//   A space that was dropped is used again, without its keys: windows come and go. One that was restored stays as it was stored until somebody asks for it.
import type { NumberSpace, NumberTable, NumberTableOptions } from "../contracts/number-table.ts";
import { StreamFlowError } from "../errors.ts";
import type { KeyRules } from "./keyed-table.ts";
import { CopyPool } from "./copy-pool.ts";
import { type Held, partsOf, type StoredGroup } from "./number-parts.ts";
import { Space } from "./number-space.ts";
import { isPresent, spacesOf } from "./space-copy.ts";
import type { IsStored, KnownPart, TablePart } from "./table-part.ts";

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
  /** What nobody has asked for since it was restored, by namespace: none of these is among the spaces. Undefined: there is nothing. */
  #stored: Map<number, StoredGroup[]> | undefined;
  readonly #free: Space[] = [];
  readonly #pool = new CopyPool();

  constructor(name: string, { columns, format, version = 1, isDerived = false }: NumberTableOptions, rules: KeyRules) {
    this.name = name;
    this.serializer = { name: `columns:${format}`, version };
    this.isDerived = isDerived;
    this.#columns = columns;
    this.#rules = rules;
  }

  get(namespace: number): NumberSpace | undefined {
    return this.#spaces.get(namespace) ?? (this.#stored?.has(namespace) === true ? this.open(namespace) : undefined);
  }

  open(namespace: number): Space {
    let space = this.#spaces.get(namespace);
    if (space === undefined) {
      space = this.#free.pop() ?? new Space(this.#rules, this.#columns);
      this.#spaces.set(namespace, space);
      if (this.#stored !== undefined) this.#load(namespace, space);
    }
    return space;
  }

  #load(namespace: number, into: Space): void {
    const stored = this.#stored?.get(namespace);
    if (stored === undefined) return;
    this.#forget(namespace);
    if (stored.length > 1) into.reserve(stored.reduce((sum, { space }) => sum + space.count, 0));
    for (const { group, space } of stored) into.append(group, space);
  }

  #forget(namespace: number): void {
    if (this.#stored?.delete(namespace) === true && this.#stored.size === 0) this.#stored = undefined;
  }

  drop(namespace: number): void {
    this.#forget(namespace);
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    this.#spaces.delete(namespace);
    if (this.#free.length >= maxFree) return;
    space.clear();
    this.#free.push(space);
  }

  namespaces(): readonly number[] {
    return [...this.#spaces.keys(), ...(this.#stored?.keys() ?? [])].sort((a, b) => a - b);
  }

  /** Entries in all namespaces. */
  get size(): number {
    let size = 0;
    for (const space of this.#spaces.values()) size += space.size;
    for (const stored of this.#stored?.values() ?? []) for (const { space } of stored) size += space.count;
    return size;
  }

  /** The parts that hold something, as they are now: they become bytes when they are written, whatever changes meanwhile. Those whose content is stored are only named. */
  parts(isStored: IsStored = () => false): readonly (TablePart | KnownPart)[] {
    const pool = this.#pool.begin();
    const copies = this.namespaces().map((namespace): Held => ({ namespace, copy: this.#spaces.get(namespace)?.copy(pool), stored: this.#stored?.get(namespace) ?? [] }));
    return partsOf(copies, { groups: this.#rules.groups, pool, isStored });
  }

  /** Adds the entries that a part held. */
  restore(group: number, bytes: Uint8Array, _version: number): void {
    for (const space of spacesOf(bytes)) {
      const { namespace, columns } = space;
      if (columns !== this.#columns) throw new StreamFlowError("SF_STATE_CORRUPT", `state "${this.name}": its entries have other numbers than ${this.serializer.name} says`);
      const known = this.#stored?.get(namespace);
      if (this.#spaces.has(namespace) || !isPresent(space)) this.open(namespace).append(group, space);
      else if (known === undefined) (this.#stored ??= new Map()).set(namespace, [{ group, space }]);
      else known.push({ group, space });
    }
  }
}
