// Keyed state in memory.
import type { StateEntry, StateRange, StateSnapshot, StateStore, StateWrite } from "../contracts/state-store.ts";
import { StreamFlowError } from "../errors.ts";
import { decodeStateSnapshot, encodeStateSnapshot } from "../keyed/state-snapshot.ts";
import { crc32c } from "../types/crc32c.ts";
import { seededRandom } from "./seeded-random.ts";

interface Kept extends StateEntry {
  readonly checksum: number;
}

/** By namespace, then by key as Latin-1 text, whose order is that of the bytes. */
type Contents = Map<string, Map<string, Kept>>;

type Change = (contents: Contents) => void;

/** What outlives a {@link MemoryStateStore}. */
export class MemoryStateStorage {
  contents: Contents = new Map();
  readonly #remembers: boolean;
  #flushed: Contents = new Map();
  #unflushed: Change[] = [];

  /** @param mayCrash remembers what was not flushed, for `crash` */
  constructor(mayCrash = false) {
    this.#remembers = mayCrash;
  }

  apply(change: Change): void {
    change(this.contents);
    if (this.#remembers) this.#unflushed.push(change);
  }

  flush(): void {
    for (const change of this.#unflushed.splice(0)) change(this.#flushed);
  }

  /** Loses power: some of the newest changes that were not flushed are gone. */
  crash(seed: number): void {
    const kept = Math.floor(seededRandom(seed).next() * (this.#unflushed.length + 1));
    this.#unflushed = this.#unflushed.slice(0, kept);
    this.flush();
    this.contents = new Map([...this.#flushed].map(([name, entries]) => [name, new Map(entries)]));
  }

  /** Changes the stored value of a key behind the store's back. */
  damage(namespace: string, key: Uint8Array): void {
    const value = this.contents.get(namespace)?.get(textOf(key))?.value;
    if (value !== undefined) value[0] = (value[0] ?? 0) ^ 1;
  }
}

/** A state store in memory. The same storage given again is what a restarted process finds. */
export class MemoryStateStore implements StateStore {
  readonly isDurable: boolean = true;
  readonly #storage: MemoryStateStorage;
  #isClosed = false;

  constructor(storage: MemoryStateStorage = new MemoryStateStorage()) {
    this.#storage = storage;
  }

  async get(namespace: string, key: Uint8Array): Promise<Uint8Array | undefined> {
    const kept = this.#contents().get(namespace)?.get(textOf(key));
    return kept === undefined ? undefined : checked(namespace, kept).value;
  }

  async getMany(namespace: string, keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return Promise.all(keys.map((key) => this.get(namespace, key)));
  }

  async put(namespace: string, key: Uint8Array, value: Uint8Array): Promise<void> {
    await this.batch([{ namespace, key, value }]);
  }

  async delete(namespace: string, key: Uint8Array): Promise<void> {
    await this.batch([{ namespace, key }]);
  }

  async batch(writes: readonly StateWrite[]): Promise<void> {
    this.#contents();
    const own = writes.map(({ namespace, key, value }) => ({ namespace, key: textOf(key), kept: value === undefined ? undefined : keep(key, value) }));
    this.#storage.apply((contents) => {
      for (const { namespace, key, kept } of own) {
        if (kept === undefined) contents.get(namespace)?.delete(key);
        else entriesOf(contents, namespace).set(key, kept);
      }
    });
  }

  async *scan(namespace: string, { from, to }: StateRange = {}): AsyncGenerator<readonly StateEntry[], void, void> {
    const [first, end] = [textOf(from ?? new Uint8Array()), to === undefined ? undefined : textOf(to)];
    const keys = [...(this.#contents().get(namespace)?.keys() ?? [])].filter((key) => key >= first && (end === undefined || key < end)).sort();
    for (let at = 0; at < keys.length; at += 100) {
      const page = keys.slice(at, at + 100).flatMap((key) => this.#contents().get(namespace)?.get(key) ?? []);
      if (page.length > 0) yield page.map((kept) => checked(namespace, kept));
    }
  }

  async namespaces(): Promise<readonly string[]> {
    return [...this.#contents()].flatMap(([name, entries]) => (entries.size > 0 ? [name] : [])).sort();
  }

  async clear(namespace: string): Promise<void> {
    this.#contents();
    this.#storage.apply((contents) => void contents.delete(namespace));
  }

  async snapshot(namespaces?: readonly string[]): Promise<StateSnapshot> {
    const contents = this.#contents();
    const names = [...new Set(namespaces ?? [...contents].flatMap(([name, entries]) => (entries.size > 0 ? [name] : [])))].sort();
    const held = names.map((namespace) => ({ namespace, entries: [...(contents.get(namespace) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kept]) => kept) }));
    return {
      namespaces: names,
      read: () => encodeStateSnapshot(held.map(({ namespace, entries }) => ({ namespace, pages: checkedPages(namespace, entries) }))),
      close: async () => undefined,
    };
  }

  async restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    this.#contents();
    const restored: Contents = new Map();
    for await (const { namespace, entries } of decodeStateSnapshot(chunks)) {
      const kept = entriesOf(restored, namespace);
      for (const { key, value } of entries) kept.set(textOf(key), keep(key, value));
    }
    this.#contents();
    this.#storage.apply((contents) => {
      for (const [namespace, entries] of restored) contents.set(namespace, new Map(entries));
    });
  }

  async flush(): Promise<void> {
    this.#contents();
    this.#storage.flush();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #contents(): Contents {
    if (this.#isClosed) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", "the state store is closed");
    return this.#storage.contents;
  }
}

function entriesOf(contents: Contents, namespace: string): Map<string, Kept> {
  const known = contents.get(namespace) ?? new Map<string, Kept>();
  contents.set(namespace, known);
  return known;
}

function keep(key: Uint8Array, value: Uint8Array): Kept {
  return { key: key.slice(), value: value.slice(), checksum: crc32c(value) };
}

/** A copy of an entry, which is the caller's. */
function checked(namespace: string, { key, value, checksum }: Kept): StateEntry {
  if (crc32c(value) !== checksum) throw new StreamFlowError("SF_STATE_CORRUPT", `a value of state "${namespace}" fails its checksum`, { context: { namespace } });
  return { key: key.slice(), value: value.slice() };
}

async function* checkedPages(namespace: string, entries: readonly Kept[]): AsyncGenerator<readonly StateEntry[], void, void> {
  yield entries.map((kept) => checked(namespace, kept));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
