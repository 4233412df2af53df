// Renews the leases of all runs of a host, on one timer.
//   K1. A lease is renewed three times in its life. A renewal that fails is tried again at its next turn: fences keep a late one harmless.
//   K2. Where the store can extend all leases of an owner at once (LSE-7), a turn costs the same however many runs there are.
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { CancelTimer, Environment } from "../contracts/environment.ts";
import type { LeaseStore } from "../contracts/stores.ts";
import { toStreamFlowError } from "../errors.ts";

/** A run that holds leases. */
export interface LeaseHolder {
  readonly name: string;
  /** The shards whose leases it holds now. */
  readonly heldShards: readonly ShardId[];
  /** Another owner has these. What it has let go meanwhile is not lost. */
  lost(shards: readonly ShardId[]): void;
}

/** What a keeper is made of. */
export interface LeaseKeeperParts {
  readonly environment: Environment;
  readonly store: LeaseStore;
  readonly owner: string;
  readonly leaseMs: number;
}

/** Renews leases while somebody holds any. */
export class LeaseKeeper {
  readonly owner: string;
  readonly leaseMs: number;
  readonly #parts: LeaseKeeperParts;
  readonly #holders = new Set<LeaseHolder>();
  #cancel: CancelTimer | undefined;

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts;
    this.owner = parts.owner;
    this.leaseMs = parts.leaseMs;
  }

  /** Renews what it holds from now on. From the beginning of a start: that may take longer than a lease. */
  add(holder: LeaseHolder): void {
    this.#holders.add(holder);
    if (this.#cancel === undefined) this.#again();
  }

  remove(holder: LeaseHolder): void {
    this.#holders.delete(holder);
    if (this.#holders.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #again(): void {
    const { environment, leaseMs } = this.#parts;
    const cancel = environment.clock.setTimer(leaseMs / 3, () => {
      // The last holder may have gone meanwhile, and another one have come: then it has a timer of its own.
      void this.#renewAll().then(() => {
        if (this.#cancel === cancel) this.#again();
      });
    });
    this.#cancel = cancel;
  }

  async #renewAll(): Promise<void> {
    if (this.#parts.store.keepAlive !== undefined && (await this.#keepAlive())) return;
    await Promise.all([...this.#holders].map((holder) => this.#renew(holder)));
  }

  /** False: each is to be renewed by itself. */
  async #keepAlive(): Promise<boolean> {
    const { store, owner, leaseMs } = this.#parts;
    try {
      return (await store.keepAlive?.({ owner, ttlMs: leaseMs })) ?? false;
    } catch (error) {
      this.#warn("the leases could not be renewed at once", error);
      return false;
    }
  }

  async #renew(holder: LeaseHolder): Promise<void> {
    const { store, owner, leaseMs } = this.#parts;
    const shards = holder.heldShards;
    if (shards.length === 0) return;
    try {
      const { lost } = await store.renew({ pipeline: holder.name, shards, owner, ttlMs: leaseMs });
      const held = new Set(holder.heldShards);
      const taken = lost.filter((shard) => held.has(shard));
      if (taken.length > 0) holder.lost(taken);
    } catch (error) {
      this.#warn(`pipeline "${holder.name}" could not renew its leases`, error);
    }
  }

  #warn(message: string, error: unknown): void {
    this.#parts.environment.logger.warn(message, { error: toStreamFlowError(error, "SF_INTERNAL", "renewal").message });
  }
}
