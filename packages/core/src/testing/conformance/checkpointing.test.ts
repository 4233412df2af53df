import { describe, expect, it } from "vitest";
import type { Checkpointing } from "../../contracts/checkpointing.ts";
import { simpleCheckpointing } from "../simple-checkpointing.ts";
import { registerConformance } from "./case.ts";
import { checkpointingConformance } from "./checkpointing.ts";

describe("simple checkpointing", () => registerConformance(it, checkpointingConformance(simpleCheckpointing)));

describe("checkpointing that breaks its promise is caught", () => {
  const broken: Readonly<Record<string, Checkpointing>> = {
    "CPT-9": { ...simpleCheckpointing, recover: async (request) => simpleCheckpointing.recover(request).catch(() => ({ shards: new Map(), newestEpoch: 0, prepared: new Map(), orphans: [] })) },
    "CPT-8": { ...simpleCheckpointing, recover: ({ acceptEpochs: _ignored, ...request }) => simpleCheckpointing.recover(request) },
    "CPT-11": { ...simpleCheckpointing, recover: ({ plan: _ignored, ...request }) => simpleCheckpointing.recover(request) },
    "CPT-7": { ...simpleCheckpointing, open: async (options) => { const writer = await simpleCheckpointing.open(options); writer.keepFor = () => undefined; return writer; } },
    "CPT-5": { ...simpleCheckpointing, open: async (options) => { const writer = await simpleCheckpointing.open(options); writer.noteEpoch = () => undefined; return writer; } },
  };
  for (const [id, checkpointing] of Object.entries(broken)) {
    it(`${id}`, async () => {
      const cases = checkpointingConformance(checkpointing).filter((one) => one.id === id);
      const results = await Promise.allSettled(cases.map((one) => one.run()));
      expect(results.some((result) => result.status === "rejected")).toBe(true);
    });
  }
});
