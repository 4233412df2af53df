import type { Stage } from "@streamflow/core";
import { describe, expectTypeOf, it } from "vitest";
import { aggregate, avg, collect, count, filter, flatMap, keyBy, lookup, map, max, project, quantile, reduce, streamJoin, sum, topN, tumbling, window, windowJoin } from "./index.ts";

interface Flight {
  readonly carrier: string;
  readonly delay: number;
  readonly gate: string | null;
  readonly id: bigint;
}

describe("types of stages", () => {
  it("follow from the functions", () => {
    expectTypeOf(map((f: Flight) => f.delay)).toEqualTypeOf<Stage<Flight, number>>();
    expectTypeOf(filter((f: Flight) => f.delay > 0)).toEqualTypeOf<Stage<Flight, Flight>>();
    expectTypeOf(flatMap((line: string) => line.split(" "))).toEqualTypeOf<Stage<string, string>>();
    expectTypeOf(keyBy<Flight>("carrier")).toEqualTypeOf<Stage<Flight, Flight>>();
    expectTypeOf(reduce((a: number, b: number) => a + b)).toEqualTypeOf<Stage<number, number>>();
    expectTypeOf(project({ late: (f: Flight) => f.delay > 15 })).toExtend<Stage<Flight, { readonly late: boolean }>>();
  });

  it("refuse fields that a record does not have", () => {
    // @ts-expect-error no such field
    keyBy<Flight>("nothing");
    // @ts-expect-error a condition answers a boolean
    filter((f: Flight) => f.delay);
  });

  it("windows: results follow from the aggregates, the input from their functions", () => {
    const stage = window({
      window: tumbling({ sizeMs: 1000 }),
      aggregate: {
        flights: count(),
        total: sum((f: Flight) => f.delay),
        ids: sum((f: Flight) => f.id),
        mean: avg((f: Flight) => f.delay),
        gate: max((f: Flight) => f.gate),
        p95: quantile((f: Flight) => f.delay, 0.95),
        all: collect((f: Flight) => f.gate),
        worst: topN(3, (f: Flight) => f.delay, (f: Flight) => f.carrier),
      },
    });
    type In = typeof stage extends Stage<infer I, unknown> ? I : never;
    type Out = typeof stage extends Stage<never, infer O> ? O : never;
    expectTypeOf<Flight>().toExtend<In>();
    expectTypeOf<Out["windowStart"]>().toEqualTypeOf<number>();
    expectTypeOf<Out["flights"]>().toEqualTypeOf<number>();
    expectTypeOf<Out["total"]>().toEqualTypeOf<number>();
    expectTypeOf<Out["ids"]>().toEqualTypeOf<bigint>();
    expectTypeOf<Out["mean"]>().toEqualTypeOf<number>();
    expectTypeOf<Out["gate"]>().toEqualTypeOf<string | null>();
    expectTypeOf<Out["p95"]>().toEqualTypeOf<number>();
    expectTypeOf<Out["all"]>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Out["worst"]>().toEqualTypeOf<readonly string[]>();
  });

  it("windows: `emit` decides the output", () => {
    const stage = window({ window: tumbling({ sizeMs: 1 }), aggregate: { n: count() }, emit: ({ n }, { startMs }) => `${startMs}: ${n.toFixed()}` });
    expectTypeOf(stage).toEqualTypeOf<Stage<unknown, string>>();
    expectTypeOf(aggregate({ n: count() })).toEqualTypeOf<Stage<unknown, { readonly n: number }>>();
  });

  it("joins: the kind decides which side may be null", () => {
    const inner = windowJoin<Flight, string>({ window: tumbling({ sizeMs: 1 }) });
    const left = windowJoin<Flight, string, "left">({ window: tumbling({ sizeMs: 1 }), join: "left" });
    type OutOf<S> = S extends Stage<never, infer O> ? O : never;
    expectTypeOf<OutOf<typeof inner>["right"]>().toEqualTypeOf<string>();
    expectTypeOf<OutOf<typeof left>["right"]>().toEqualTypeOf<string | null>();
    expectTypeOf<OutOf<typeof left>["left"]>().toEqualTypeOf<Flight>();
  });

  it("pairs are what both sides are, or what select makes", () => {
    expectTypeOf(streamJoin<Flight, string>()).toEqualTypeOf<Stage<Flight, { readonly left: Flight; readonly right: string }>>();
    expectTypeOf(streamJoin({ afterMs: 1, select: (flight: Flight, name: string) => [flight.delay, name] as const })).toEqualTypeOf<Stage<Flight, readonly [number, string]>>();
  });

  it("lookups add a field that may be null", () => {
    const stage = lookup({ source: {} as import("@streamflow/core").Source<{ code: string }>, sourceKey: (row: { code: string }) => row.code, key: (f: Flight) => f.carrier, as: "airline" });
    type Out = typeof stage extends Stage<never, infer O> ? O : never;
    expectTypeOf<Out["airline"]>().toEqualTypeOf<{ code: string } | null>();
    expectTypeOf<Out["delay"]>().toEqualTypeOf<number>();
  });
});
