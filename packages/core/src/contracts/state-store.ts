// Where keyed state lives that may outgrow memory. STT clauses are proven by testing/conformance/state-store.ts.

/** A key and its value. */
export interface StateEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** One change of a batch. Without a value it deletes. */
export interface StateWrite {
  readonly namespace: string;
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

/** Which entries a scan answers: keys in `[from, to)`. */
export interface StateRange {
  /** The first key. @defaultValue the smallest one there is */
  readonly from?: Uint8Array;
  /** The key before which the scan ends. @defaultValue none: up to the last one */
  readonly to?: Uint8Array;
}

/** The contents of some namespaces as they were at one moment. */
export interface StateSnapshot {
  /** The namespaces that were asked for, sorted by code unit; an empty one too. */
  readonly namespaces: readonly string[];
  /** The bytes that `restore` takes, in chunks of any size. May be read more than once. */
  read(): AsyncIterable<Uint8Array>;
  /** Frees what holds the moment. Until then the store may keep what was overwritten since. May be repeated. */
  close(): Promise<void>;
}

/**
 * Bytes by namespace and key, for one process at a time. A namespace is one named state of one node, of one shard, so that a shard's state can
 * be stored, moved and dropped alone. Whether a store is in memory, on a disk or behind a network, it behaves alike; a caller with many keys
 * asks with one call (`getMany`, `batch`), because each call may be a round trip.
 *
 * - STT-1. `get` of a key that was never put, or was deleted, answers undefined. An empty value is a value.
 * - STT-2. Keys, values and namespaces come back unchanged: empty ones, any bytes, any well-formed text, values of 1 MiB. Bytes that were handed over may be
 *   overwritten by the caller as soon as the call has returned (before it resolves); bytes that were answered are the caller's.
 * - STT-3. The last write wins, in the order in which the calls were made, whether or not they were awaited. A call sees every write that was made before it.
 * - STT-4. Deleting what is not there, and clearing an empty namespace, is fine.
 * - STT-5. `scan` answers the entries with `from <= key < to` in the order of their bytes (unsigned, a prefix before what it begins), each once, in pages of at
 *   least one entry. An empty or inverted range has none. Entries that are there during all of the scan are answered; one that is written or deleted
 *   meanwhile may be answered or not, as it was before or after. A scan that is left early frees what it holds.
 * - STT-6. A snapshot holds what every write that was made before `snapshot` was called has left, and ignores all later ones, for as long as it is open.
 * - STT-7. `restore` makes every namespace that the snapshot names equal to it, dropping what else was there, and leaves the others alone. It takes snapshots of any
 *   StateStore: the bytes are those of `encodeStateSnapshot`, which `decodeStateSnapshot` checks and reads. It becomes visible as a whole.
 * - STT-8. Damage is detected, never answered: a snapshot of which a bit was changed, or a part is missing, repeated or moved, fails `restore` with SF_STATE_CORRUPT and
 *   changes nothing; a stored value whose bytes were changed behind the store's back fails every call that would answer it with SF_STATE_CORRUPT, naming the namespace.
 * - STT-9. Namespaces do not leak into each other, whatever their names. `namespaces` answers those that hold an entry, sorted by code unit.
 * - STT-10. `batch` is all or nothing: no other call, scan, snapshot or reopened store sees a part of it. Of two writes to one key the later one wins.
 * - STT-11. After `flush` resolves, everything written before is durable. Without it a crash may lose the newest writes, but never an earlier one while a
 *   later one is kept. A store that keeps nothing across a reopen says so by `isDurable: false`; the engine then restores from a checkpoint.
 * - STT-12. `close` may be repeated. Other calls on a closed store fail with SF_LIFECYCLE_ILLEGAL.
 *
 * @throws {@link StreamFlowError} from any call that reaches a medium: SF_DISK_FULL, SF_DISK_READ_ONLY, SF_DISK_FAILED.
 */
export interface StateStore {
  /** Whether what was flushed is still there when the store is opened again. */
  readonly isDurable: boolean;
  get(namespace: string, key: Uint8Array): Promise<Uint8Array | undefined>;
  /** As `get`, for many keys: the answers are in the order of the keys. */
  getMany(namespace: string, keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  put(namespace: string, key: Uint8Array, value: Uint8Array): Promise<void>;
  delete(namespace: string, key: Uint8Array): Promise<void>;
  batch(writes: readonly StateWrite[]): Promise<void>;
  /** Answers pages, not entries: a page is one turn of the event loop, and may be 1 MiB of keys and values, or one entry that is larger. */
  scan(namespace: string, range?: StateRange): AsyncIterable<readonly StateEntry[]>;
  namespaces(): Promise<readonly string[]>;
  /** Deletes all entries of a namespace. */
  clear(namespace: string): Promise<void>;
  /** @defaultValue all namespaces that hold an entry */
  snapshot(namespaces?: readonly string[]): Promise<StateSnapshot>;
  restore(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  flush(): Promise<void>;
  close(): Promise<void>;
}
