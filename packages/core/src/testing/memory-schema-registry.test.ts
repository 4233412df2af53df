import { describe, expect, it } from "vitest";
import { fewAvroRules } from "./avro-rules.fixture.ts";
import { registerConformance } from "./conformance/case.ts";
import { schemaRegistryConformance } from "./conformance/schema-registry.ts";
import { MemorySchemaRegistry, MemorySchemaStorage } from "./memory-schema-registry.ts";

describe("schemas in memory", () => {
  registerConformance(
    it,
    schemaRegistryConformance<MemorySchemaStorage>({
      create: () => new MemorySchemaStorage(),
      open: (storage) => new MemorySchemaRegistry(storage, fewAvroRules),
      reach: (storage, isReachable) => void (storage.isReachable = isReachable),
    }),
  );

  it("without rules every text is a schema that fits, and only equal texts are equal", async () => {
    const registry = new MemorySchemaRegistry();
    const versions = [];
    for (const text of ["a", "b", "a", " a"]) versions.push((await registry.register("s", { format: "own", text })).version);
    expect(versions).toEqual([1, 2, 1, 3]);
  });
});
