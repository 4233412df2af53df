// Keyed state in memory: values by (namespace, key), ordered so that a restore or a move changes nothing.
import type { KeyedTable, Serializer } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import { StateReader, StateWriter } from "./state-codec.ts";

/** How keys are compared and spread. */
export interface KeyRules {
  /** The canonical form of a key: equal keys give identical primitives. */
  canonical(key: unknown): unknown;
  /** The key group of a canonical key; absent: all keys are in group 0. */
  group?(canonical: unknown): number;
  readonly groups: number;
}

interface Entry<V> {
  readonly key: unknown;
  value: V;
}
type Group<V> = Map<unknown, Entry<V>>;
type Space<V> = (Group<V> | undefined)[];

/** A table held in Maps: one Map per namespace and key group, so that visiting goes by key group, then by first insertion. */
export class MemoryTable<V> implements KeyedTable<V> {
  readonly name: string;
  readonly serializer: Serializer<V>;
  readonly #rules: KeyRules;
  readonly #spaces = new Map<number, Space<V>>();
  #lastNamespace = NaN;
  #lastSpace: Space<V> | undefined;

  constructor(name: string, serializer: Serializer<V>, rules: KeyRules) {
    this.name = name;
    this.serializer = serializer;
    this.#rules = rules;
  }

  get(namespace: number, key: unknown): V | undefined {
    const canonical = this.#rules.canonical(key);
    return this.#group(namespace, canonical)?.get(canonical)?.value;
  }

  edit(namespace: number, key: unknown): V | undefined {
    return this.get(namespace, key);
  }

  set(namespace: number, key: unknown, value: V): void {
    const canonical = this.#rules.canonical(key);
    this.#put(namespace, this.#rules.group?.(canonical) ?? 0, canonical, { key, value });
  }

  delete(namespace: number, key: unknown): boolean {
    const canonical = this.#rules.canonical(key);
    const group = this.#group(namespace, canonical);
    if (group === undefined || !group.delete(canonical)) return false;
    if (this.count(namespace) === 0) this.drop(namespace);
    return true;
  }

  forEach(namespace: number, visit: (key: unknown, value: V) => void): void {
    for (const group of this.#spaces.get(namespace) ?? []) {
      if (group !== undefined) for (const entry of group.values()) visit(entry.key, entry.value);
    }
  }

  drop(namespace: number): void {
    this.#spaces.delete(namespace);
    if (namespace === this.#lastNamespace) this.#remember(NaN, undefined);
  }

  namespaces(): readonly number[] {
    return [...this.#spaces.keys()].sort((a, b) => a - b);
  }

  count(namespace: number): number {
    let count = 0;
    for (const group of this.#spaces.get(namespace) ?? []) count += group?.size ?? 0;
    return count;
  }

  /** Entries in all namespaces. */
  get size(): number {
    let size = 0;
    for (const namespace of this.#spaces.keys()) size += this.count(namespace);
    return size;
  }

  /** Writes the entries of one key group, in visiting order. Answers whether there were any. */
  snapshot(groupIndex: number, out: StateWriter): boolean {
    let any = false;
    for (const namespace of this.namespaces()) {
      const group = this.#spaces.get(namespace)?.[groupIndex];
      if (group === undefined || group.size === 0) continue;
      any = true;
      out.number(namespace);
      out.number(group.size);
      for (const entry of group.values()) {
        out.value(entry.key);
        // Framed, so that tools can count and show entries without the operator, and a serializer that reads too much or too little is noticed.
        const start = out.beginFrame();
        this.serializer.write(entry.value, out);
        out.endFrame(start);
      }
    }
    return any;
  }

  /** Adds the entries that `snapshot` wrote for a key group. */
  restore(groupIndex: number, bytes: Uint8Array, version: number): void {
    const from = new StateReader(bytes);
    while (!from.atEnd) {
      const namespace = from.number();
      const count = from.number();
      for (let i = 0; i < count; i++) {
        const key = from.value();
        const framed = from.frame();
        const value = this.serializer.read(framed, version);
        if (!framed.atEnd) throw new StreamFlowError("SF_STATE_CORRUPT", `state "${this.name}": serializer ${this.serializer.name} v${version} left a part of an entry unread`);
        this.#put(namespace, groupIndex, this.#rules.canonical(key), { key, value });
      }
    }
  }

  #put(namespace: number, groupIndex: number, canonical: unknown, entry: Entry<V>): void {
    let space = this.#space(namespace);
    if (space === undefined) {
      space = new Array<Group<V> | undefined>(this.#rules.groups);
      this.#spaces.set(namespace, space);
      this.#remember(namespace, space);
    }
    let group = space[groupIndex];
    if (group === undefined) space[groupIndex] = group = new Map();
    const known = group.get(canonical);
    if (known === undefined) group.set(canonical, entry);
    else known.value = entry.value;
  }

  #group(namespace: number, canonical: unknown): Group<V> | undefined {
    return this.#space(namespace)?.[this.#rules.group?.(canonical) ?? 0];
  }

  #space(namespace: number): Space<V> | undefined {
    if (namespace !== this.#lastNamespace) this.#remember(namespace, this.#spaces.get(namespace));
    return this.#lastSpace;
  }

  #remember(namespace: number, space: Space<V> | undefined): void {
    this.#lastNamespace = namespace;
    this.#lastSpace = space;
  }
}
