// Leases in memory.
import type { Fence, ShardId } from "../contracts/checkpoint-store.ts";
import type { Clock } from "../contracts/environment.ts";
import type { LeaseRequest, LeaseStore } from "../contracts/stores.ts";
import { StreamFlowError } from "../errors.ts";

interface Lease {
  readonly generation: number;
  readonly owner: string | undefined;
  readonly expiresMs: number;
}

/** What outlives a {@link MemoryLeaseStore}: leases by pipeline and shard. A released lease stays, so that generations only grow. */
export class MemoryLeaseStorage {
  /** Until when owners hold all their leases. */
  readonly owners: Map<string, number> = new Map();
  readonly #pipelines = new Map<string, Map<ShardId, Lease>>();

  of(pipeline: string): Map<ShardId, Lease> {
    const known = this.#pipelines.get(pipeline) ?? new Map<ShardId, Lease>();
    this.#pipelines.set(pipeline, known);
    return known;
  }
}

/** A lease store in memory. Two stores on one storage are two processes. It cannot see that an owner has died: leases run out. */
export class MemoryLeaseStore implements LeaseStore {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #storage: MemoryLeaseStorage;

  constructor(clock: Pick<Clock, "nowMs">, storage: MemoryLeaseStorage = new MemoryLeaseStorage()) {
    this.#clock = clock;
    this.#storage = storage;
  }

  async acquire({ pipeline, shards, owner, ttlMs, above = 0 }: LeaseRequest): Promise<readonly Fence[]> {
    const leases = this.#storage.of(pipeline);
    const nowMs = this.#clock.nowMs();
    for (const shard of shards) {
      const held = leases.get(shard);
      if (held?.owner === undefined || held.owner === owner) continue;
      const expiresMs = Math.max(held.expiresMs, this.#storage.owners.get(held.owner) ?? 0);
      if (nowMs >= expiresMs) continue;
      throw new StreamFlowError("SF_LEASE_HELD", `shard "${shard}" of pipeline "${pipeline}" is held by "${held.owner}" for another ${expiresMs - nowMs} ms`, {
        context: { pipeline, shard, owner: held.owner, expiresMs },
      });
    }
    // An owner whose leases have run out stays so until it has renewed each of them.
    if (nowMs < (this.#storage.owners.get(owner) ?? Infinity)) this.#storage.owners.set(owner, nowMs + ttlMs);
    return [...new Set(shards)].map((shard) => {
      const generation = Math.max(leases.get(shard)?.generation ?? 0, above) + 1;
      leases.set(shard, { generation, owner, expiresMs: nowMs + ttlMs });
      return { shard, generation };
    });
  }

  async renew({ pipeline, shards, owner, ttlMs }: LeaseRequest): Promise<{ readonly lost: readonly ShardId[] }> {
    const leases = this.#storage.of(pipeline);
    const expiresMs = this.#clock.nowMs() + ttlMs;
    const lost: ShardId[] = [];
    for (const shard of new Set(shards)) {
      const lease = leases.get(shard);
      if (lease === undefined || lease.owner !== owner) lost.push(shard);
      else leases.set(shard, { ...lease, expiresMs });
    }
    return { lost };
  }

  async keepAlive({ owner, ttlMs }: Pick<LeaseRequest, "owner" | "ttlMs">): Promise<boolean> {
    const nowMs = this.#clock.nowMs();
    const wasAlive = nowMs < (this.#storage.owners.get(owner) ?? -Infinity);
    this.#storage.owners.set(owner, nowMs + ttlMs);
    return wasAlive;
  }

  async release({ pipeline, shards, owner }: Omit<LeaseRequest, "ttlMs">): Promise<void> {
    const leases = this.#storage.of(pipeline);
    for (const shard of shards) {
      const lease = leases.get(shard);
      if (lease?.owner === owner) leases.set(shard, { ...lease, owner: undefined });
    }
  }

  async close(): Promise<void> {}
}
