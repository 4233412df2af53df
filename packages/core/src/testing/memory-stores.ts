// All stores of a host, in memory.
import type { Clock } from "../contracts/environment.ts";
import type { HostStores } from "../host.ts";
import { MemoryCheckpointStorage, MemoryCheckpointStore } from "./memory-checkpoint-store.ts";
import { MemoryLeaseStorage, MemoryLeaseStore } from "./memory-lease-store.ts";
import { MemoryLogStorage, MemoryLogStore } from "./memory-log-store.ts";
import { simpleCheckpointing } from "./simple-checkpointing.ts";
import { MemoryMetadataStorage, MemoryMetadataStore } from "./memory-metadata-store.ts";

/** What outlives the stores: keep it across a simulated restart. */
export class MemoryStorage {
  readonly checkpoints: MemoryCheckpointStorage = new MemoryCheckpointStorage();
  readonly leases: MemoryLeaseStorage = new MemoryLeaseStorage();
  readonly logs: MemoryLogStorage = new MemoryLogStorage();
  readonly metadata: MemoryMetadataStorage = new MemoryMetadataStorage();
}

/** Opens stores in memory. The same `storage` given again is what a restarted process finds. */
export function memoryStores(clock: Pick<Clock, "nowMs">, storage: MemoryStorage = new MemoryStorage()): HostStores {
  return {
    checkpoints: new MemoryCheckpointStore(storage.checkpoints),
    checkpointing: simpleCheckpointing,
    leases: new MemoryLeaseStore(clock, storage.leases),
    logs: new MemoryLogStore(clock, storage.logs),
    metadata: new MemoryMetadataStore(storage.metadata),
  };
}
