// Every operator keeps the promises of its contract: alone and in the engine, in any batches, through crashes and moves.
import { eventTime, type OperatorDefinition, type Stage } from "@streamflow/core";
import { operatorConformance, type OperatorRecord, type OperatorSetup, registerConformance, TestSource, testRecords } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import {
  aggregate, avg, collect, count, filter, first, flatMap, global, keyBy, lookup, map, mapAsync, max, project, quantile, reduce, session, sliding, split, streamJoin, sum, topN, transformOperators, tumbling, union, window,
  windowJoin,
} from "./index.ts";

interface Item {
  readonly id: number;
  readonly key: string;
  readonly at: number;
  readonly n: number;
}

/** Thirty records of four keys over twelve windows of 10 ms, up to 12 ms out of order: some are late where fewer are allowed. */
const items: readonly Item[] = Array.from({ length: 30 }, (_, id) => ({ id, key: "abcd"[(id * 7) % 4] ?? "a", at: id * 4 + ((id * 5) % 13) - 6, n: (id * 37) % 11 }));
const plain: readonly OperatorRecord[] = items.map((value) => ({ value, timestampMs: value.at }));
const keyed: readonly OperatorRecord[] = items.map((value) => ({ value, timestampMs: value.at, key: value.key }));
const twoSided: readonly OperatorRecord[] = items.map((value) => ({ value, timestampMs: value.at, key: value.key, input: value.id % 3 === 0 ? "left" : "right" }));
/** Keys of every kind that the table of types tells apart, and some that it does not. */
const oddKeys: readonly unknown[] = ["a", 1, 1n, -0, 0, NaN, null, true, new Uint8Array([1]), [1, "x"], { a: 1 }, { a: 1, b: null }, "\0", ""];
const oddlyKeyed: readonly OperatorRecord[] = items.map((value) => ({ value, timestampMs: value.at, key: oddKeys[value.id % oddKeys.length] }));

type Rest = Omit<OperatorSetup<never>, "definition" | "config" | "throwing">;

/** What a stage runs; `throwing`: the same stage with a user function that throws for items whose number is 3. */
function setup(stage: Stage<never, unknown>, rest: Rest, throwing?: Stage<never, unknown>): OperatorSetup<never> {
  const { definition, description } = operatorOf(stage);
  const throws = throwing === undefined ? {} : { throwing: { config: operatorOf(throwing).description.config as never, throwsFor: ({ value }: OperatorRecord) => (value as Item).n === 3 } };
  return { definition: definition as OperatorDefinition<never>, config: description.config as never, outOfOrdernessMs: 6, ...rest, ...throws };
}

function operatorOf(stage: Stage<never, unknown>) {
  if (stage.operator === undefined) throw new TypeError("the stage has no operator");
  return stage.operator;
}

function odd(item: Item): Item {
  if (item.n === 3) throw new RangeError("three");
  return item;
}

/** After a while that differs from item to item. */
async function later(item: Item): Promise<Item> {
  for (let turns = item.n; turns > 0; turns--) await Promise.resolve();
  return item;
}

const number = (item: Item): number => item.n;
const airports = [{ code: "a", name: "Ah" }, { code: "c", name: "Sea" }, { code: "c", name: "C" }];
const rows = new TestSource({ 0: testRecords(airports) });
const codes = { source: rows, sourceKey: (row: unknown) => (row as { code: string }).code };
const results = { n: count(), total: sum(number), mean: avg(number), top: topN(2, number, (item: Item) => item.id), first: first((item: Item) => item.id), all: collect(number), p50: quantile(number, 0.5), max: max(number) };

const setups: Readonly<Record<string, OperatorSetup<never>>> = {
  map: setup(map((item: Item) => item.n * 2), { records: plain }, map((item: Item) => odd(item).n)),
  mapAsync: setup(mapAsync(async (item: Item) => later(item).then(({ n }) => n * 2), { concurrency: 3 }), { records: plain }, mapAsync(async (item: Item) => odd(await later(item)).n, { concurrency: 3 })),
  "mapAsync: at once": setup(mapAsync((item: Item) => item.n * 2), { records: keyed }, mapAsync((item: Item) => odd(item).n)),
  project: setup(project({ id: (item: Item) => item.id, twice: (item: Item) => item.n * 2 }), { records: plain }, project({ id: (item: Item) => odd(item).id })),
  filter: setup(filter((item: Item) => item.n % 2 === 0), { records: plain }, filter((item: Item) => odd(item).n > 1)),
  "flatMap of several": setup(flatMap((item: Item) => [item.id, item.n]), { records: plain }, flatMap((item: Item) => [odd(item).id, item.n])),
  split: setup(split({ even: (item: Item) => item.n % 2 === 0, large: (item: Item) => item.n > 6 }), { records: plain }, split({ even: (item: Item) => odd(item).n % 2 === 0, large: (item: Item) => item.n > 6 })),
  "split to all": setup(split({ even: (item: Item) => item.n % 2 === 0, large: (item: Item) => item.n > 6 }, { mode: "all" }), { records: plain }),
  union: setup(union(), { records: plain }),
  keyBy: setup(keyBy((item: Item) => item.key), { records: plain }, keyBy((item: Item) => odd(item).key)),
  lookup: setup(lookup({ ...codes, key: (item: Item) => item.key }), { records: plain, readAll: () => airports }, lookup({ ...codes, key: (item: Item) => odd(item).key })),
  reduce: setup(reduce((sumSoFar: Item, item: Item) => ({ ...sumSoFar, n: sumSoFar.n + item.n })), { records: keyed }),
  "reduce with a ttl": setup(reduce((sumSoFar: Item, item: Item) => ({ ...sumSoFar, n: sumSoFar.n + item.n }), { ttlMs: 15 }), { records: keyed }),
  aggregate: setup(aggregate(results), { records: keyed }, aggregate({ n: count(), total: sum((item: Item) => odd(item).n) })),
  "aggregate with a ttl, as changes": setup(aggregate({ n: count() }, { changes: "updates", ttlMs: 15 }), { records: keyed }),
  "aggregate by keys of every kind": setup(aggregate({ n: count() }), { records: oddlyKeyed }),
  "window: tumbling": setup(window({ window: tumbling({ sizeMs: 10 }), aggregate: results }), { records: keyed }, window({ window: tumbling({ sizeMs: 10 }), aggregate: { total: sum((item: Item) => odd(item).n) } })),
  "window: by keys of every kind": setup(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }), { records: oddlyKeyed }),
  "window: some are late": setup(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }), { records: keyed, outOfOrdernessMs: 0 }),
  "window: late ones fire again": setup(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count(), ids: collect((item: Item) => item.id) }, allowedLatenessMs: 8 }), { records: keyed, outOfOrdernessMs: 0 }),
  "window: late ones, discarding": setup(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() }, allowedLatenessMs: 8, mode: "discarding" }), { records: keyed, outOfOrdernessMs: 0 }),
  "window: early": setup(window({ window: tumbling({ sizeMs: 40 }), aggregate: { n: count() }, early: { everyMs: 10, count: 3 } }), { records: keyed }),
  "window: sliding": setup(window({ window: sliding({ sizeMs: 30, slideMs: 10 }), aggregate: { n: count(), max: max(number) } }), { records: keyed }),
  "window: hopping with gaps": setup(window({ window: sliding({ sizeMs: 5, slideMs: 20 }), aggregate: { n: count() } }), { records: keyed }),
  "window: sessions": setup(window({ window: session({ gapMs: 9 }), aggregate: { n: count(), ids: collect((item: Item) => item.id) } }), { records: keyed }),
  "window: sessions with a count": setup(window({ window: session({ gapMs: 20, maxCount: 3 }), aggregate: { n: count() }, allowedLatenessMs: 5 }), { records: keyed }),
  "window: count": setup(window({ window: tumbling({ count: 3 }), aggregate: { total: sum(number) }, emitPartial: true }), { records: keyed }),
  "window: sliding count": setup(window({ window: sliding({ count: 4, every: 2 }), aggregate: { total: sum(number) }, ttlMs: 30 }), { records: keyed }),
  "window: global": setup(window({ window: global(), aggregate: { total: sum(number) } }), { records: keyed }),
  windowJoin: setup(windowJoin({ window: tumbling({ sizeMs: 20 }) }), { records: twoSided }),
  "windowJoin: full, late": setup(windowJoin({ window: sliding({ sizeMs: 30, slideMs: 15 }), join: "full", allowedLatenessMs: 5 }), { records: twoSided, outOfOrdernessMs: 0 }),
  streamJoin: setup(streamJoin(), { records: twoSided }),
  "streamJoin: near in time": setup(streamJoin({ beforeMs: 7, afterMs: 20 }), { records: twoSided, outOfOrdernessMs: 0 }),
  eventTime: setup(eventTime({ timestamp: (item: Item) => item.at + 1, maxFutureMs: Infinity }), { records: plain, runsAlone: false }),
};

it("there is a setup for every operator", () => {
  expect(new Set(Object.values(setups).map(({ definition }) => definition.type))).toEqual(new Set(transformOperators.map(({ type }) => type)));
});

for (const [name, one] of Object.entries(setups)) {
  describe(name, () => {
    registerConformance(it, operatorConformance(one));
  });
}
