// Documents in memory.
import type { MetadataRecord, MetadataStore } from "../contracts/stores.ts";

/** What outlives a {@link MemoryMetadataStore}: documents as JSON text, by collection and id. */
export class MemoryMetadataStorage {
  readonly #collections = new Map<string, Map<string, { readonly version: number; readonly text: string }>>();

  of(collection: string): Map<string, { readonly version: number; readonly text: string }> {
    const known = this.#collections.get(collection) ?? new Map<string, { version: number; text: string }>();
    this.#collections.set(collection, known);
    return known;
  }
}

/** A metadata store in memory. */
export class MemoryMetadataStore implements MetadataStore {
  readonly #storage: MemoryMetadataStorage;

  constructor(storage: MemoryMetadataStorage = new MemoryMetadataStorage()) {
    this.#storage = storage;
  }

  async get(collection: string, id: string): Promise<MetadataRecord | undefined> {
    const stored = this.#storage.of(collection).get(id);
    return stored === undefined ? undefined : { id, version: stored.version, document: JSON.parse(stored.text) as unknown };
  }

  async put(collection: string, id: string, document: unknown, expectedVersion?: number): Promise<number | undefined> {
    const stored = this.#storage.of(collection);
    const present = stored.get(id)?.version ?? 0;
    if (expectedVersion !== undefined && expectedVersion !== present) return undefined;
    stored.set(id, { version: present + 1, text: JSON.stringify(document) });
    return present + 1;
  }

  async delete(collection: string, id: string): Promise<void> {
    this.#storage.of(collection).delete(id);
  }

  async list(collection: string): Promise<readonly MetadataRecord[]> {
    const ids = [...this.#storage.of(collection).keys()].sort();
    const records = await Promise.all(ids.map((id) => this.get(collection, id)));
    return records.filter((record) => record !== undefined);
  }

  async close(): Promise<void> {}
}
