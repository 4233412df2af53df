// What the suites of the stores share: storage that outlives stores, and the opening and closing of stores on it.
import assert from "node:assert/strict";
import type { Requirement } from "./case.ts";

/** Storage and the stores on it. A function that is missing is a capability that the subject lacks. */
export interface StoreHarness<Store, Storage> {
  /** Makes empty storage. */
  create(): Storage | Promise<Storage>;
  /** Opens a store on the storage, as a new process does; the one before has been closed, or died in a crash. */
  open(storage: Storage): Store | Promise<Store>;
  /** Lets the storage fail every change after this many more. */
  failAfter?(storage: Storage, changes: number): void;
  /** Loses power: open stores are dead, and the storage holds what its medium kept. Given together with `failAfter`. */
  crash?(storage: Storage, seed: number): void | Promise<void>;
  /** Frees what `create` made. */
  dispose?(storage: Storage): void | Promise<void>;
}

/** One run of a case. */
export class StoreTrial<Store extends { close(): Promise<void> }, Storage> {
  readonly harness: StoreHarness<Store, Storage>;
  readonly storage: Storage;
  #open: Store | undefined;

  private constructor(harness: StoreHarness<Store, Storage>, storage: Storage) {
    this.harness = harness;
    this.storage = storage;
  }

  static async begin<S extends { close(): Promise<void> }, T>(harness: StoreHarness<S, T>): Promise<StoreTrial<S, T>> {
    return new StoreTrial(harness, await harness.create());
  }

  /** Opens a store; one that is open is closed before. */
  async open(): Promise<Store> {
    await this.#open?.close();
    this.#open = undefined;
    this.#open = await this.harness.open(this.storage);
    return this.#open;
  }

  /** Loses power, then opens what is left. */
  async crashAndOpen(seed: number): Promise<Store> {
    this.#open = undefined;
    await this.harness.crash?.(this.storage, seed);
    return this.open();
  }

  async end(): Promise<void> {
    await this.#open?.close();
    await this.harness.dispose?.(this.storage);
  }
}

/** The capability to lose power at a chosen point. */
export function crashes(harness: { readonly crash?: unknown; readonly failAfter?: unknown }): Requirement {
  return { name: "crashes", isMet: harness.crash !== undefined && harness.failAfter !== undefined };
}

/** The numbers 0 … count − 1. */
export function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Bytes that are different for different seeds. */
export function sampleBytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff);
}

/** Fails unless the bytes are equal, and says where they differ: a whole megabyte in a message helps nobody. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.length, expected.length, `length of ${what}`);
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  assert.ok(at < 0, `${what}: byte ${at} is ${actual[at]}, expected ${expected[at]}`);
}
