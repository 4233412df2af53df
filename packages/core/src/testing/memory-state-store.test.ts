import { describe, expect, it } from "vitest";
import { registerConformance } from "./conformance/case.ts";
import { stateStoreConformance } from "./conformance/state-store.ts";
import { MemoryStateStorage, MemoryStateStore } from "./memory-state-store.ts";

describe("state in memory", () => {
  registerConformance(
    it,
    stateStoreConformance<MemoryStateStorage>({
      isDurable: true,
      create: () => new MemoryStateStorage(true),
      open: (storage) => new MemoryStateStore(storage),
      damage: (storage, namespace, key) => storage.damage(namespace, key),
      crash: (storage, seed) => storage.crash(seed),
    }),
  );

  it("a crash loses some of what was not flushed", async () => {
    const left = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const storage = new MemoryStateStorage(true);
      const store = new MemoryStateStore(storage);
      for (let i = 0; i < 10; i++) await store.put("n", Uint8Array.of(i), Uint8Array.of(i));
      storage.crash(seed);
      left.add(storage.contents.get("n")?.size ?? 0);
    }
    expect(left.size).toBeGreaterThan(5);
  });
});
