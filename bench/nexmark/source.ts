// Nexmark events as a source of a pipeline: made as they are read.
import type { Source } from "@streamflow/core";
import { defineSource, rowBatch } from "@streamflow/ingest";
import { NexmarkEvents } from "./events.ts";

/** Options of {@link nexmarkSource}. */
export interface NexmarkSourceOptions {
  /** How many. */
  readonly events: number;
  /** @defaultValue 1 */
  readonly seed?: number;
}

/** An event: its kind, and the fields of that kind. */
export type NexmarkEvent = Readonly<Record<string, string | number>> & { readonly kind: "person" | "auction" | "bid" };

const batchEvents = 1_000;

/** Reads generated events, one partition. A position is the number of the next event: reading goes on there, with the same events. */
export function nexmarkSource({ events, seed = 1 }: NexmarkSourceOptions): Source<NexmarkEvent> {
  return defineSource<NexmarkEvent>({
    type: "nexmark",
    config: { events, seed },
    capabilities: { replayable: true, bounded: true, deterministic: true, singlePartition: true },
    partitions: () => ["0"],
    async *read(partition, from) {
      const made = new NexmarkEvents(seed);
      for (let first = Number(from ?? 0); first < events; first += batchEvents) {
        const values = Array.from({ length: Math.min(batchEvents, events - first) }, (_, i) => JSON.parse(made.line(first + i)) as NexmarkEvent);
        yield rowBatch({ partition, values, positionAt: (index) => String(first + index + 1) });
      }
    },
  });
}
