// Leases, logs and metadata: the smaller stores. Clauses are proven by testing/conformance/.
import type { Fence, ShardId } from "./checkpoint-store.ts";

/**
 * Who owns which shard.
 * - LSE-1. `acquire` gives all of the shards or none: SF_LEASE_HELD names the holder where another owner's lease has not run out.
 * - LSE-2. Every successful `acquire` of a shard has a generation greater than all before it, also across restarts.
 * - LSE-3. `renew` extends leases that are still this owner's and answers the others as lost.
 * - LSE-4. `release` lets go at once; a lease that is not this owner's any more is left alone.
 * - LSE-5. Time is the store's clock (the injected one): a lease has run out when `nowMs >= expiresMs`.
 * - LSE-6. A process that died without release is taken over when its lease has run out, or at once where the store can see that it is dead.
 * - LSE-8. With `above`, the generations that `acquire` gives are greater than that, too.
 * - LSE-7. `keepAlive`, where there is one, extends all leases of an owner at once. False: one of them may have run out before, so that each is to be renewed.
 */
export interface LeaseStore {
  acquire(request: LeaseRequest): Promise<readonly Fence[]>;
  renew(request: LeaseRequest): Promise<{ readonly lost: readonly ShardId[] }>;
  release(request: Omit<LeaseRequest, "ttlMs">): Promise<void>;
  keepAlive?(request: Pick<LeaseRequest, "owner" | "ttlMs">): Promise<boolean>;
  close(): Promise<void>;
}

/** Arguments of the lease calls. */
export interface LeaseRequest {
  readonly pipeline: string;
  readonly shards: readonly ShardId[];
  /** Unique to a process and start. */
  readonly owner: string;
  readonly ttlMs: number;
  /** For `acquire`: a generation that sinks may know from another store. @defaultValue 0 */
  readonly above?: number;
}

/** An entry of a log. */
export interface LogEntry {
  /** Grows by at least one per entry, in append order. */
  readonly cursor: number;
  readonly timeMs: number;
  readonly payload: Uint8Array;
}

/**
 * An append-only log per name (dead letters, inboxes).
 * - LOG-1. `append` resolves when the entries are durable, and answers the cursor of the last one. Entries of one call are adjacent.
 * - LOG-2. `read(name, after, limit)` answers entries with a cursor greater than `after`, in order.
 * - LOG-3. `trim(name, upTo)` removes entries with a cursor up to `upTo`, durably; cursors are never used again.
 * - LOG-4. An entry with a key (`keys[i]`) that was appended to this log before, and not trimmed since, is left out (so that a repeat is harmless); the others of the call are appended.
 * - LOG-5. With a `fence`, an append under an older generation than the log has seen throws SF_CHECKPOINT_FENCED.
 * - LOG-6. Bytes come back unchanged: empty, binary, 1 MiB.
 */
export interface LogStore {
  append(name: string, entries: readonly Uint8Array[], options?: LogAppendOptions): Promise<number>;
  read(name: string, after: number, limit: number): Promise<readonly LogEntry[]>;
  count(name: string): Promise<number>;
  trim(name: string, upTo: number): Promise<void>;
  names(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Options of `append`. */
export interface LogAppendOptions {
  /** One for each entry; undefined: no key. */
  readonly keys?: readonly (string | undefined)[];
  readonly fence?: Fence;
}

/** A stored document with its version. */
export interface MetadataRecord {
  readonly id: string;
  readonly version: number;
  readonly document: unknown;
}

/**
 * Small JSON documents in named collections (pipelines, runs).
 * - MDS-1. `put` with `expectedVersion` changes nothing and answers undefined unless the stored version is that one (0: absent); else the new version.
 * - MDS-2. A put is atomic and durable when it resolves. MDS-3. `list` is sorted by id, by code unit. MDS-4. Collections do not leak into each other.
 */
export interface MetadataStore {
  get(collection: string, id: string): Promise<MetadataRecord | undefined>;
  put(collection: string, id: string, document: unknown, expectedVersion?: number): Promise<number | undefined>;
  delete(collection: string, id: string): Promise<void>;
  list(collection: string): Promise<readonly MetadataRecord[]>;
  close(): Promise<void>;
}
