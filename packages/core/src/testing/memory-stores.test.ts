import { describe, it } from "vitest";
import { checkpointStoreConformance } from "./conformance/checkpoint-store.ts";
import { leaseStoreConformance } from "./conformance/lease-store.ts";
import { logStoreConformance } from "./conformance/log-store.ts";
import { metadataStoreConformance } from "./conformance/metadata-store.ts";
import { registerConformance } from "./conformance/case.ts";
import { ManualClock } from "./manual-clock.ts";
import { memoryStores, MemoryStorage } from "./memory-stores.ts";

class TimedStorage extends MemoryStorage {
  readonly clock = new ManualClock();
}

const create = () => new TimedStorage();
const open = (storage: TimedStorage) => memoryStores(storage.clock, storage);

describe("checkpoints in memory", () => {
  registerConformance(
    it,
    checkpointStoreConformance<TimedStorage>({
      create,
      open: (storage) => open(storage).checkpoints,
      damageSegment: (storage, pipeline, ref) => storage.checkpoints.damageSegment(pipeline, ref),
      damageCheckpoint: (storage, pipeline, epoch) => storage.checkpoints.damageCheckpoint(pipeline, epoch),
    }),
  );
});

describe("leases in memory", () => {
  registerConformance(it, leaseStoreConformance<TimedStorage>({ create, keepsAlive: true, open: (storage) => open(storage).leases, advance: (storage, byMs) => storage.clock.advance(byMs) }));
});

describe("logs in memory", () => {
  registerConformance(it, logStoreConformance<TimedStorage>({ create, open: (storage) => open(storage).logs }));
});

describe("documents in memory", () => {
  registerConformance(it, metadataStoreConformance<TimedStorage>({ create, open: (storage) => open(storage).metadata }));
});
