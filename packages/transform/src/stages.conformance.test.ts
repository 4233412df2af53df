// Every stage keeps the promises of `Stage`: by itself over any stream, in a pipeline, fused and bridged.
import type { Stage } from "@streamflow/core";
import { registerConformance, stageConformance, type StageHarness } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { aggregate, count, filter, flatMap, keyBy, map, mapAsync, project, reduce, split, tumbling, union, window } from "./index.ts";

interface Item {
  readonly id: number;
  readonly n: number;
}

const inputs: readonly Item[] = Array.from({ length: 20 }, (_, id) => ({ id, n: (id * 7) % 10 }));
const bad: Item = { id: -1, n: 0 };

function checked(item: Item): Item {
  if (item.id < 0) throw new RangeError("below zero");
  return item;
}

type Harness = StageHarness<Item, unknown>;
const stages: Readonly<Record<string, Harness>> = {
  map: { create: () => map((item: Item) => checked(item).n), inputs, outputs: inputs.map(({ n }) => n), refused: { value: bad } },
  mapAsync: { create: () => mapAsync(async (item: Item) => checked(item).n, { concurrency: 4 }), inputs, outputs: inputs.map(({ n }) => n), refused: { value: bad } },
  "mapAsync, at once": { create: () => mapAsync((item: Item) => checked(item).n), inputs, outputs: inputs.map(({ n }) => n), refused: { value: bad } },
  filter: { create: () => filter((item: Item) => checked(item).n > 4), inputs, outputs: inputs.filter(({ n }) => n > 4), refused: { value: bad } },
  flatMap: { create: () => flatMap((item: Item) => [checked(item).id, item.n]), inputs, outputs: inputs.flatMap(({ id, n }) => [id, n]), refused: { value: bad } },
  project: { create: () => project({ twice: (item: Item) => checked(item).n * 2 }), inputs, outputs: inputs.map(({ n }) => ({ twice: n * 2 })), refused: { value: bad } },
  keyBy: { create: () => keyBy((item: Item) => checked(item).n), inputs, outputs: inputs, refused: { value: bad } },
  split: { create: () => split({ small: (item: Item) => checked(item).n < 5 }), inputs, outputs: inputs.filter(({ n }) => n >= 5), refused: { value: bad } },
  union: { create: () => union(), inputs, outputs: inputs },
};

for (const [name, harness] of Object.entries(stages)) describe(name, () => registerConformance(it, stageConformance(harness)));

describe("stages that need a key or event time", () => {
  const needing: Readonly<Record<string, Stage<never, unknown>>> = {
    window: window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }),
    aggregate: aggregate({ n: count() }),
    reduce: reduce((a: number, b: number) => a + b),
  };
  it.each(Object.entries(needing))("%s says so when it is run by itself", (_name, stage) => {
    expect(() => stage.process((async function* () {})())).toThrow(expect.objectContaining({ code: "SF_PLAN_INVALID" }));
  });
});
