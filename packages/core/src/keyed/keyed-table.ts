// Keyed state in memory: values by (namespace, key), ordered so that a restore or a move changes nothing.
import type { KeyedTable, Serializer } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import type { CanonicalKey } from "../types/key.ts";
import { StateReader, StateWriter } from "./state-codec.ts";

/** How keys are compared and spread. */
export interface KeyRules {
  /** The canonical form of a key: equal keys give identical primitives. */
  canonical(key: unknown): CanonicalKey;
  /** The key group of a canonical key: its hash (types/hash.ts) modulo `groups`. Absent: all keys are in group 0, the only one. */
  group?(canonical: CanonicalKey): number;
  readonly groups: number;
}

/** Values by canonical key. Keys whose canonical form is another value are kept beside them. */
interface Group<V> {
  readonly values: Map<unknown, V>;
  originals: Map<unknown, unknown> | undefined;
}
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
    return this.#group(namespace, canonical)?.values.get(canonical);
  }

  edit(namespace: number, key: unknown): V | undefined {
    return this.get(namespace, key);
  }

  set(namespace: number, key: unknown, value: V): void {
    const canonical = this.#rules.canonical(key);
    this.#put(namespace, this.#rules.group?.(canonical) ?? 0, { key, canonical, value });
  }

  delete(namespace: number, key: unknown): boolean {
    const canonical = this.#rules.canonical(key);
    const group = this.#group(namespace, canonical);
    if (group === undefined || !group.values.delete(canonical)) return false;
    group.originals?.delete(canonical);
    if (this.count(namespace) === 0) this.drop(namespace);
    return true;
  }

  forEach(namespace: number, visit: (key: unknown, value: V) => void): void {
    for (const group of this.#spaces.get(namespace) ?? []) {
      group?.values.forEach((value, canonical) => visit(originalOf(group, canonical), value));
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
    for (const group of this.#spaces.get(namespace) ?? []) count += group?.values.size ?? 0;
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
      if (group === undefined || group.values.size === 0) continue;
      any = true;
      out.number(namespace);
      out.number(group.values.size);
      for (const [canonical, value] of group.values) {
        out.value(originalOf(group, canonical));
        // Framed, so that tools can count and show entries without the operator, and a serializer that reads too much or too little is noticed.
        const start = out.beginFrame();
        this.serializer.write(value, out);
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
        this.#put(namespace, groupIndex, { key, canonical: this.#rules.canonical(key), value });
      }
    }
  }

  #put(namespace: number, groupIndex: number, { key, canonical, value }: { readonly key: unknown; readonly canonical: CanonicalKey; readonly value: V }): void {
    let space = this.#space(namespace);
    if (space === undefined) {
      space = new Array<Group<V> | undefined>(this.#rules.groups);
      this.#spaces.set(namespace, space);
      this.#remember(namespace, space);
    }
    let group = space[groupIndex];
    if (group === undefined) space[groupIndex] = group = { values: new Map(), originals: undefined };
    // A Map holds -0 as 0, so that it needs an original too. The first key of equal ones stays.
    if (!Object.is(key, canonical) || Object.is(key, -0)) {
      if (!group.values.has(canonical)) (group.originals ??= new Map()).set(canonical, key);
    }
    group.values.set(canonical, value);
  }

  #group(namespace: number, canonical: CanonicalKey): Group<V> | undefined {
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

function originalOf<V>(group: Group<V>, canonical: unknown): unknown {
  const { originals } = group;
  return originals !== undefined && originals.has(canonical) ? originals.get(canonical) : canonical;
}
