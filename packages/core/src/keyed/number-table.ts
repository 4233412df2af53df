// Keyed state that is nothing but numbers: a space of columns for each namespace.
//   A space that was dropped is used again, without its keys: windows come and go. One that was restored stays as it was stored until somebody asks for it.
import type { NumberSpace, NumberTable, NumberTableOptions } from "../contracts/number-table.ts";
import { StreamFlowError } from "../errors.ts";
import type { KeyRules } from "./keyed-table.ts";
import { type ArrayPool, blockLength, type LiveArrays } from "./live-copy.ts";
import { Space } from "./number-space.ts";
import { isPresent, readSpace, type SpaceToWrite, spacesOf, type StoredSpace, writeColumns } from "./space-copy.ts";
import type { TablePart } from "./table-part.ts";

const maxFree = 4;

/** A space of one key group, as it was restored. */
interface StoredGroup {
  readonly group: number;
  readonly space: StoredSpace;
}

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
    for (const { group, space } of stored) into.append(group, readSpace(space));
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

  /** The parts that hold something, as they are now: they become bytes when they are written, whatever changes meanwhile. */
  parts(): readonly TablePart[] {
    const pool = this.#pool.begin();
    const copies = this.namespaces().map((namespace) => ({ namespace, copy: this.#spaces.get(namespace)?.copy(pool), stored: this.#stored?.get(namespace) ?? [] }));
    const holds = (group: number): boolean => copies.some(({ copy, stored }) => (copy === undefined ? stored.some((one) => one.group === group) : copy.counts[group]! > 0));
    const groups = Array.from({ length: this.#rules.groups }, (_, group) => group).filter(holds);
    let left = groups.length;
    return groups.map((group) => ({
      group,
      *write() {
        const held: SpaceToWrite[] = [];
        for (const { namespace, copy, stored } of copies) {
          if (copy === undefined) for (const one of stored) if (one.group === group) held.push(one.space);
          if (copy !== undefined && copy.counts[group]! > 0) held.push({ ...(yield* copy.sorted()), namespace });
        }
        const bytes = yield* writeColumns(held, group, (length) => pool.room(length, groups.length));
        if (--left === 0) pool.isOver = true;
        return bytes;
      },
      free: () => pool.free(),
    }));
  }

  /** Adds the entries that a part held. */
  restore(group: number, bytes: Uint8Array, _version: number): void {
    for (const space of spacesOf(bytes)) {
      const { namespace, columns } = space;
      if (columns !== this.#columns) throw new StreamFlowError("SF_STATE_CORRUPT", `state "${this.name}": its entries have other numbers than ${this.serializer.name} says`);
      const known = this.#stored?.get(namespace);
      if (this.#spaces.has(namespace) || !isPresent(space)) this.open(namespace).append(group, readSpace(space));
      else if (known === undefined) (this.#stored ??= new Map()).set(namespace, [{ group, space }]);
      else known.push({ group, space });
    }
  }
}

/** Most blocks that are kept for the next copy. */
const maxKept = 1_024;

/** Fewer bytes are made anew: a host may have very many pipelines. */
const leastKept = 16_384;

/** Arrays of the copy before: to fill a new one costs several times as much, because the system has to find its memory first. */
class CopyPool {
  #last: CopyArrays | undefined;
  #kept: LiveArrays[] = [];

  /** The arrays of a new copy. Those of the one before are used again where all of it was written; else they are left to the collector. */
  begin(): CopyArrays {
    const last = this.#last;
    this.#last = new CopyArrays(last?.isOver === true ? last.taken : [], this.#kept, last?.isFree === true ? last.bytes : undefined);
    return this.#last;
  }
}

class CopyArrays implements ArrayPool {
  /** All parts were written. */
  isOver = false;
  /** Their bytes are stored. */
  isFree = false;
  readonly taken: Float64Array[] = [];
  bytes: Uint8Array | undefined;
  readonly #spare: Map<number, Float64Array[]>;
  readonly #kept: LiveArrays[];

  constructor(spare: readonly Float64Array[], kept: LiveArrays[], bytes: Uint8Array | undefined) {
    this.#spare = Map.groupBy(spare, ({ length }) => length);
    this.#kept = kept;
    this.bytes = bytes;
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

  /** Room for the bytes of a part. Where it is the only one, and worth keeping, that of the copy before; many are put together by whoever stores them. */
  room(length: number, parts: number): Uint8Array {
    if (parts > 1 || length < leastKept) return new Uint8Array(length);
    const bytes = this.bytes;
    this.bytes = bytes !== undefined && bytes.length >= length ? bytes : new Uint8Array(length);
    return this.bytes.subarray(0, length);
  }

  free(): void {
    this.isFree = true;
  }
}
