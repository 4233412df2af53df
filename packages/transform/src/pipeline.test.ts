// The operators in the engine itself: code pipelines, fused, over event time.
import { eventTime, Pipeline } from "@streamflow/core";
import { describe, expect, it } from "vitest";
import { avg, count, filter, flatMap, keyBy, map, tumbling, window } from "./index.ts";

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

interface Flight {
  readonly carrier: string;
  readonly delay: number;
  readonly at: number;
}

const hour = 3_600_000;

describe("operators in a pipeline", () => {
  it("a stage runs by itself over any stream", async () => {
    expect(await all(map((n: number) => n * 2).process(each([1, 2, 3])))).toEqual([2, 4, 6]);
    expect(await all(flatMap((text: string) => text.split(" ")).process(each(["a b", "c"])))).toEqual(["a", "b", "c"]);
  });

  it("filter, key, window, aggregate", async () => {
    const flights: readonly Flight[] = [
      { carrier: "UA", delay: 10, at: 5 },
      { carrier: "AA", delay: 4, at: 100 },
      { carrier: "UA", delay: -3, at: 200 },
      { carrier: "UA", delay: 20, at: hour - 1 },
      { carrier: "AA", delay: 8, at: hour },
    ];
    const pipeline = new Pipeline<Flight>({ name: "delays" })
      .addStage(filter((flight: Flight) => flight.delay > 0))
      .addStage(eventTime({ timestamp: (flight: Flight) => flight.at }))
      .addStage(keyBy<Flight>("carrier", { coPartitioned: true }))
      .addStage(window({ window: tumbling({ sizeMs: hour }), aggregate: { flights: count(), mean: avg((flight: Flight) => flight.delay) } }));
    expect(await all(pipeline.execute(each(flights)))).toEqual([
      { windowStart: 0, windowEnd: hour, carrier: "UA", flights: 2, mean: 15 },
      { windowStart: 0, windowEnd: hour, carrier: "AA", flights: 1, mean: 4 },
      { windowStart: hour, windowEnd: 2 * hour, carrier: "AA", flights: 1, mean: 8 },
    ]);
  });
});
