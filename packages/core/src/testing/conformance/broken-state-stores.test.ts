// Proves that the cases of state stores can fail: each fake here breaks one promise, and the case of that promise must notice.
import { describe, expect, it } from "vitest";
import type { StateRange, StateWrite } from "../../contracts/state-store.ts";
import { MemoryStateStorage, MemoryStateStore } from "../memory-state-store.ts";
import { failing } from "./failing.fixture.ts";
import { stateStoreConformance } from "./state-store.ts";

const none = new Uint8Array();

const broken: readonly (readonly [id: string, what: string, Store: new (storage: MemoryStateStorage) => MemoryStateStore])[] = [
  ["STT-1", "an absent value is an empty one", class extends MemoryStateStore {
    override async get(namespace: string, key: Uint8Array) {
      return (await super.get(namespace, key)) ?? none;
    }
  }],
  ["STT-1", "an empty value is none", class extends MemoryStateStore {
    override async get(namespace: string, key: Uint8Array) {
      const value = await super.get(namespace, key);
      return value?.length === 0 ? undefined : value;
    }
  }],
  ["STT-1", "absent keys are left out of many", class extends MemoryStateStore {
    override async getMany(namespace: string, keys: readonly Uint8Array[]) {
      return (await super.getMany(namespace, keys)).filter((value) => value !== undefined);
    }
  }],
  ["STT-2", "values are text", class extends MemoryStateStore {
    override put(namespace: string, key: Uint8Array, value: Uint8Array) {
      return super.put(namespace, key, new TextEncoder().encode(new TextDecoder().decode(value)));
    }
  }],
  ["STT-2", "keys end at a zero", class extends MemoryStateStore {
    override batch(writes: readonly StateWrite[]) {
      return super.batch(writes.map((write) => ({ ...write, key: write.key.subarray(0, (write.key.indexOf(0) + write.key.length + 1) % (write.key.length + 1)) })));
    }
  }],
  ["STT-2", "buffers are read later", class extends MemoryStateStore {
    override async put(namespace: string, key: Uint8Array, value: Uint8Array) {
      await Promise.resolve();
      return super.put(namespace, key, value);
    }
  }],
  ["STT-3", "deletes are late", class extends MemoryStateStore {
    override async delete(namespace: string, key: Uint8Array) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      return super.delete(namespace, key);
    }
    override async clear(namespace: string) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      return super.clear(namespace);
    }
  }],
  ["STT-4", "deleting what is not there fails", class extends MemoryStateStore {
    override async delete(namespace: string, key: Uint8Array) {
      if ((await this.get(namespace, key)) === undefined) throw new RangeError("absent");
      return super.delete(namespace, key);
    }
  }],
  ["STT-5", "a scan includes its end", class extends MemoryStateStore {
    override scan(namespace: string, { from, to }: StateRange = {}) {
      return super.scan(namespace, { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to: Uint8Array.of(...to, 0) }) });
    }
  }],
  ["STT-5", "bytes are ordered with a sign", class extends MemoryStateStore {
    override async *scan(namespace: string, range: StateRange = {}) {
      const signed = (key: Uint8Array): string => [...key].map((byte) => String.fromCharCode(byte ^ 128)).join("");
      for await (const page of super.scan(namespace, range)) yield page.toSorted((a, b) => (signed(a.key) < signed(b.key) ? -1 : 1));
    }
  }],
  ["STT-5", "pages are told by number: what is deleted meanwhile shifts them", class extends MemoryStateStore {
    override async *scan(namespace: string, range: StateRange = {}) {
      for (let at = 0; ; at += 50) {
        const all = [];
        for await (const page of super.scan(namespace, range)) all.push(...page);
        if (at >= all.length) return;
        yield all.slice(at, at + 50);
      }
    }
  }],
  ["STT-6", "a snapshot is taken when it is read", class extends MemoryStateStore {
    override async snapshot(namespaces?: readonly string[]) {
      const take = () => super.snapshot(namespaces);
      const names = (await take()).namespaces;
      return { namespaces: names, close: async () => undefined, read: async function* () { yield* (await take()).read(); } };
    }
  }],
  ["STT-7", "restore keeps what the snapshot does not hold", class extends MemoryStateStore {
    override async restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      const other = new MemoryStateStore();
      await other.restore(chunks);
      for (const namespace of await other.namespaces()) for await (const page of other.scan(namespace)) await super.batch(page.map((entry) => ({ namespace, ...entry })));
    }
  }],
  ["STT-7", "restore drops what the snapshot does not name", class extends MemoryStateStore {
    override async restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      for (const namespace of await this.namespaces()) await this.clear(namespace);
      return super.restore(chunks);
    }
  }],
  ["STT-8", "an input that fails is restored up to there", class extends MemoryStateStore {
    override async restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      const clear = async (namespace: string): Promise<void> => this.clear(namespace);
      await clear("a");
      return super.restore(chunks);
    }
  }],
  ["STT-9", "names are told by their first 100 characters", class extends MemoryStateStore {
    override batch(writes: readonly StateWrite[]) {
      return super.batch(writes.map((write) => ({ ...write, namespace: write.namespace.slice(0, 100) })));
    }
  }],
  ["STT-9", "names are normalized", class extends MemoryStateStore {
    override batch(writes: readonly StateWrite[]) {
      return super.batch(writes.map((write) => ({ ...write, namespace: write.namespace.normalize() })));
    }
  }],
  ["STT-9", "empty namespaces are told", class extends MemoryStateStore {
    readonly #names = new Set<string>();
    override async put(namespace: string, key: Uint8Array, value: Uint8Array) {
      this.#names.add(namespace);
      return super.put(namespace, key, value);
    }
    override async namespaces() {
      return [...this.#names].sort();
    }
  }],
  ["STT-10", "a batch is written one by one", class extends MemoryStateStore {
    override async batch(writes: readonly StateWrite[]) {
      for (const write of writes) await super.batch([write]);
    }
  }],
  ["STT-10", "a batch deletes first", class extends MemoryStateStore {
    override batch(writes: readonly StateWrite[]) {
      return super.batch(writes.toSorted((a, b) => Number(a.value !== undefined) - Number(b.value !== undefined)));
    }
  }],
  ["STT-11", "flush does nothing", class extends MemoryStateStore {
    override async flush() {}
  }],
  ["STT-12", "a closed store goes on", class extends MemoryStateStore {
    override async close() {}
  }],
];

describe("broken state stores", () => {
  it.each(broken)("%s: %s", async (id, _what, Store) => {
    const cases = stateStoreConformance<MemoryStateStorage>({
      isDurable: true,
      create: () => new MemoryStateStorage(true),
      open: (storage) => new Store(storage),
      damage: (storage, namespace, key) => storage.damage(namespace, key),
      crash: (storage, seed) => storage.crash(seed),
    });
    expect(await failing(cases, id)).toContain(id);
  });

  it("STT-8: one that checks nothing", async () => {
    class Unchecked extends MemoryStateStorage {
      override damage(namespace: string, key: Uint8Array) {
        const entries = this.contents.get(namespace);
        for (const [name, kept] of entries ?? []) if (kept.key[0] === key[0]) entries?.set(name, { ...kept, value: Uint8Array.of(1, 2, 3), checksum: 0xf130f21e });
      }
    }
    const cases = stateStoreConformance<Unchecked>({ isDurable: true, create: () => new Unchecked(), open: (storage) => new MemoryStateStore(storage), damage: (storage, namespace, key) => storage.damage(namespace, key) });
    expect(await failing(cases, "STT-8")).toContain("STT-8");
  });

  it("STT-11: one that says that it is durable and is not", async () => {
    expect(await failing(stateStoreConformance({ isDurable: true, create: () => ({}), open: () => new MemoryStateStore() }), "STT-11")).toContain("STT-11");
  });
});
