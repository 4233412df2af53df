// What the cases of state stores share: entries in short, and whole stores as maps.
import type { StateEntry, StateRange, StateStore } from "../../contracts/state-store.ts";
import { checksumOf } from "../../types/crc32c.ts";
import { MemoryStateStore } from "../memory-state-store.ts";
import { range, sampleBytes } from "./store-trial.ts";

const encoder = new TextEncoder();

export function bytes(...all: readonly number[]): Uint8Array {
  return Uint8Array.from(all);
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

export function textOf(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : new TextDecoder().decode(value);
}

/** Sorts as the bytes do. */
export function hex(value: Uint8Array): string {
  return Buffer.from(value).toString("hex");
}

export function entry(key: readonly number[], value: readonly number[]): StateEntry {
  return { key: Uint8Array.from(key), value: Uint8Array.from(value) };
}

export async function all(store: StateStore, namespace: string, bounds?: StateRange): Promise<readonly StateEntry[]> {
  const found: StateEntry[] = [];
  for await (const page of store.scan(namespace, bounds)) found.push(...page.map(({ key, value }) => ({ key: Uint8Array.from(key), value: Uint8Array.from(value) })));
  return found;
}

/** An entry as short text: a difference between whole values would take minutes to show, and help nobody. */
export function brief({ key, value }: StateEntry): string {
  return `${hex(key)} = ${value.length} bytes ${checksumOf(value)}`;
}

/** All entries of all namespaces, each in {@link brief}. */
export async function contents(store: StateStore): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const namespace of await store.namespaces()) found.set(namespace, (await all(store, namespace)).map(brief));
  return found;
}

/** What a snapshot holds, read through a store in memory. */
export async function contentsOf(chunks: AsyncIterable<Uint8Array>): Promise<ReadonlyMap<string, readonly string[]>> {
  const store = new MemoryStateStore();
  await store.restore(chunks);
  return contents(store);
}

export async function save(store: StateStore, namespaces?: readonly string[]): Promise<readonly Uint8Array[]> {
  const snapshot = await store.snapshot(namespaces);
  try {
    return await Array.fromAsync(snapshot.read());
  } finally {
    await snapshot.close();
  }
}

/** Two namespaces, one of them with large values. */
export async function fill(store: StateStore): Promise<void> {
  await store.batch(range(100).map((i) => ({ namespace: "a", key: bytes(i), value: sampleBytes(1 + i * 3, i) })));
  await store.batch(range(5).map((i) => ({ namespace: "b", key: bytes(i, 0), value: sampleBytes(70_000, i) })));
}
