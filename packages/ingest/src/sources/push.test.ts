import { t, type Batch } from "@streamflow/core";
import { nextTurn } from "@streamflow/core/node";
import { registerConformance, sourceConformance } from "@streamflow/core/testing";
import { expect, it } from "vitest";
import { drain, nextBatch, openSource, roomy } from "../testing/drain.ts";
import { pushSource, type PushSource } from "./push.ts";

const records = (count: number): { id: number }[] => Array.from({ length: count }, (_, id) => ({ id }));

function fed<Out>(values: readonly Out[], source: PushSource<Out>): PushSource<Out> {
  void source.push(values);
  source.close();
  return source;
}

registerConformance(
  it,
  sourceConformance<{ id: number }[]>({
    capabilities: { replayable: false, bounded: false, deterministic: false, singlePartition: true },
    create: records,
    source: (subject) => fed(subject, pushSource()),
    expected: (subject) => new Map([["0", subject]]),
    silent: () => {
      const source = pushSource<number>();
      return { source, feed: () => source.push([1]) };
    },
  }),
);

it("U1: what no checkpoint holds is read again by the next session; what one holds is forgotten", async () => {
  const source = pushSource<number>();
  await source.push([1, 2, 3]);
  const first = await openSource(source);
  expect((await nextBatch(first.session, "0") as Batch).values).toEqual([1, 2, 3]);
  await first.session.committed?.(new Map([["0", "2"]]));
  await first.session.close();
  await source.push([4]);
  source.close();
  expect(await drain(source, { from: { "0": "2" } })).toMatchObject({ values: [3, 4], positions: ["3", "4"], failure: undefined });
  await expect(openSource(source)).rejects.toMatchObject({ code: "SF_SOURCE_POSITION" });
});

it("positions go on where an earlier process was committed", async () => {
  expect(await drain(fed(["a", "b"], pushSource()), { from: { "0": "7" } })).toMatchObject({ values: ["a", "b"], positions: ["8", "9"] });
});

it("U2: push waits while as many bytes are kept as may be, until a checkpoint holds them or the source is closed", async () => {
  const source = pushSource<string>({ maxBytes: 100 });
  const { session } = await openSource(source);
  const done: string[] = [];
  await source.push(["x".repeat(50)]);
  void source.push(["y".repeat(50)]).then(() => done.push("second"));
  await nextBatch(session, "0");
  expect(done).toEqual([]);
  await session.committed?.(new Map([["0", "1"]]));
  await nextTurn();
  expect(done).toEqual(["second"]);
  void source.push(["z".repeat(500)]).then(() => done.push("third"));
  source.close();
  await nextTurn();
  expect(done).toEqual(["second", "third"]);
});

it("ready resolves when a record comes, and when the source is closed", async () => {
  const source = pushSource<number>();
  const { session } = await openSource(source);
  const news: string[] = [];
  expect(session.poll("0", roomy)).toBe("idle");
  void session.ready().then(() => news.push("record"));
  await nextTurn();
  expect(news).toEqual([]);
  await source.push([1]);
  await nextTurn();
  expect(news).toEqual(["record"]);
  expect((session.poll("0", roomy) as Batch).values).toEqual([1]);
  expect(session.poll("0", roomy)).toBe("idle");
  void session.ready().then(() => news.push("end"));
  source.close();
  await nextTurn();
  expect(news).toEqual(["record", "end"]);
  expect(session.poll("0", roomy)).toBe("end");
});

it("a push with a value of another type, or after the end, takes nothing in", async () => {
  const source = pushSource<unknown>({ schema: t.struct({ id: t.int32() }) });
  await expect(source.push([{ id: 1 }, { id: "2" }])).rejects.toMatchObject({ code: "SF_TYPE_MISMATCH" });
  await source.push([{ id: 3 }]);
  source.close();
  await expect(source.push([{ id: 4 }])).rejects.toMatchObject({ code: "SF_SOURCE_FAILED" });
  expect((await drain(source)).values).toEqual([{ id: 3 }]);
});

it("SF_CONFIG_INVALID: a bound that is no positive integer", () => {
  for (const maxBytes of [0, -1, 1.5, NaN]) expect(() => pushSource({ maxBytes })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
});
