// The rules of leases (LSE-1 to LSE-6) over a table in memory; where the table is kept is the stores' business.
import { StreamFlowError } from "@streamflow/core";
import type { Fence, LeaseRequest, ShardId } from "@streamflow/core";
import type { ProcessIdentity } from "../process-identity.ts";

/** What is known of a shard's lease. It stays when the lease is let go: generations only grow. */
export interface Lease {
  readonly generation: number;
  /** Undefined: let go. */
  readonly owner: string | undefined;
  /** The process that holds it, where it said so. */
  readonly process: string | undefined;
  readonly expiresMs: number;
}

/** When, and as which process, a request is made. */
export interface LeaseMoment {
  readonly nowMs: number;
  readonly process: string | undefined;
  /** Processes that are known to have died. */
  readonly dead: ReadonlySet<string>;
  /** The highest generation that a shard without entry may have had. */
  readonly floor: number;
}

/** Leases by shard. */
export type LeaseTable = ReadonlyMap<ShardId, Lease>;

/**
 * Takes all shards, or none. An owner may take again what it holds: it gets a new generation.
 * @throws {@link StreamFlowError} SF_LEASE_HELD, naming the holder.
 */
export function acquireAll(table: LeaseTable, request: LeaseRequest, moment: LeaseMoment): readonly (readonly [ShardId, Lease])[] {
  checkTtl(request.ttlMs);
  const shards = [...new Set(request.shards)];
  for (const shard of shards) {
    const held = table.get(shard);
    if (held !== undefined && isHeldByOther(held, request.owner, moment)) throw heldError(request, { shard, held, nowMs: moment.nowMs });
  }
  const expiresMs = moment.nowMs + request.ttlMs;
  return shards.map((shard) => [shard, { generation: Math.max(table.get(shard)?.generation ?? moment.floor, request.above ?? 0) + 1, owner: request.owner, process: moment.process, expiresMs }]);
}

/** Extends what is still this owner's. A lease that has run out and was not taken since is still its own. */
export function renewAll(table: LeaseTable, request: LeaseRequest, nowMs: number): { readonly renewed: readonly (readonly [ShardId, Lease])[]; readonly lost: readonly ShardId[] } {
  checkTtl(request.ttlMs);
  const renewed: (readonly [ShardId, Lease])[] = [];
  const lost: ShardId[] = [];
  for (const shard of new Set(request.shards)) {
    const lease = table.get(shard);
    if (lease === undefined || lease.owner !== request.owner) lost.push(shard);
    else renewed.push([shard, { ...lease, expiresMs: nowMs + request.ttlMs }]);
  }
  return { renewed, lost };
}

/** Lets go of what is this owner's. */
export function releaseAll(table: LeaseTable, request: Pick<LeaseRequest, "shards" | "owner">): readonly (readonly [ShardId, Lease])[] {
  const released: (readonly [ShardId, Lease])[] = [];
  for (const shard of new Set(request.shards)) {
    const lease = table.get(shard);
    if (lease?.owner === request.owner) released.push([shard, { ...lease, owner: undefined, process: undefined, expiresMs: 0 }]);
  }
  return released;
}

/** The fences that go with leases. */
export function fencesOf(leases: readonly (readonly [ShardId, Lease])[]): readonly Fence[] {
  return leases.map(([shard, { generation }]) => ({ shard, generation }));
}

/** Asks which of the processes that hold these leases have died. A process that cannot be seen is taken to live. */
export async function deadHolders(table: LeaseTable, shards: readonly ShardId[], process: ProcessIdentity | undefined): Promise<ReadonlySet<string>> {
  const dead = new Set<string>();
  if (process === undefined) return dead;
  const holders = new Set(shards.map((shard) => table.get(shard)?.process).filter((holder) => holder !== undefined));
  for (const holder of holders) if (holder !== process.id && (await process.isAlive(holder)) === false) dead.add(holder);
  return dead;
}

function isHeldByOther(lease: Lease, owner: string, moment: LeaseMoment): boolean {
  if (lease.owner === undefined || lease.owner === owner || moment.nowMs >= lease.expiresMs) return false;
  return lease.process === undefined || !moment.dead.has(lease.process);
}

function heldError(request: LeaseRequest, { shard, held, nowMs }: { shard: ShardId; held: Lease; nowMs: number }): StreamFlowError {
  const holder = held.process === undefined ? `"${held.owner}"` : `"${held.owner}" (process ${held.process.split("/")[1] ?? held.process})`;
  const message = `shard "${shard}" of pipeline "${request.pipeline}" is held by ${holder} for another ${held.expiresMs - nowMs} ms`;
  return new StreamFlowError("SF_LEASE_HELD", message, { context: { pipeline: request.pipeline, shard, owner: held.owner, expiresMs: held.expiresMs } });
}

function checkTtl(ttlMs: number): void {
  if (Number.isFinite(ttlMs) && ttlMs > 0) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", `the time to live of a lease must be > 0 ms, got ${ttlMs}`);
}
