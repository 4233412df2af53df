import { registerConformance, sourceConformance } from "@streamflow/core/testing";
import { it } from "vitest";
import { NexmarkEvents } from "./events.ts";
import { nexmarkSource, type NexmarkEvent } from "./source.ts";

registerConformance(
  it,
  sourceConformance<number>({
    capabilities: { replayable: true, bounded: true, deterministic: true, singlePartition: true },
    create: (count) => count,
    source: (events) => nexmarkSource({ events }) as never,
    expected: (events) => {
      const made = new NexmarkEvents();
      return new Map([["0", Array.from({ length: events }, (_, n) => JSON.parse(made.line(n)) as NexmarkEvent)]]);
    },
  }),
);
