// The path of one record, from the source to the sink and back: row S25.
import { decodeDeadLetter, deadLetterLog, eventTime, Pipeline } from "@streamflow/core";
import { PipelineDriver } from "@streamflow/core/testing";
import { route } from "@streamflow/sink";
import { count, filter, keyBy, map, tumbling, window } from "@streamflow/transform";
import { expect, it } from "vitest";

interface Order {
  readonly id: number;
  readonly kind: string;
  readonly at: number;
}

const orders: readonly Order[] = [
  { id: 1, kind: "sale", at: 1 },
  { id: 2, kind: "test", at: 2 },
  { id: 3, kind: "sale", at: 30 },
  { id: 4, kind: "broken", at: 31 },
  { id: 5, kind: "sale", at: 3 },
];

function build(ends: Parameters<ConstructorParameters<typeof PipelineDriver>[0]["build"]>[0]): Pipeline {
  return new Pipeline<Order>({ name: "trace" })
    .from(ends.source<Order>(), { id: "orders" })
    .addStage(eventTime({ timestamp: (order: Order) => order.at, maxFutureMs: Infinity }))
    .addStage(filter((order: Order) => order.kind !== "test"), { id: "real" })
    .addStage(map((order: Order) => {
      if (order.kind === "broken") throw new Error("no such kind");
      return order;
    }), { id: "checked" })
    .addStage(route<Order>({ routes: { sales: (order) => order.kind === "sale" } }), { id: "kinds" })
    .side<Order>("sales", (sales) => sales
      .to(ends.sink("sales", "idempotent"), { id: "sales" })
      .addStage(keyBy<Order>("kind"))
      .addStage(window({ window: tumbling({ sizeMs: 10 }), aggregate: { n: count() } }), { id: "per-10-ms" })
      .side("late", (late) => late.to(ends.sink("late", "idempotent"), { id: "late" }))
      .to(ends.sink("counts"), { id: "counts" })) as never;
}

it("every record is found again by its position: in the sink, among the late ones, among the dead letters", async () => {
  const driver = new PipelineDriver({ build });
  await driver.start();
  driver.push(orders);
  await driver.checkpoint();

  /** Where a record that came out says that it came from, and what stands there. */
  const traced = (sink: string) => driver.target(sink).visible.map(({ value, identity: { shard, origin } }) => ({ out: (value as Order).id, shard, in: orders[Number(origin) - 1]?.id }));
  expect(traced("sales")).toEqual([1, 3, 5].map((id) => ({ out: id, shard: "p:orders/0", in: id })));
  expect(traced("late")).toEqual([{ out: 5, shard: "p:orders/0", in: 5 }]);

  const log = deadLetterLog("trace");
  const letters = (driver.storage.logs.find(log)?.entries ?? []).map(({ payload }) => decodeDeadLetter(payload));
  expect(letters).toMatchObject([{ node: "checked", partition: "0", position: "4", code: "SF_STAGE_FAILED" }]);
  expect(driver.values("counts")).toEqual([{ windowStart: 0, windowEnd: 10, kind: "sale", n: 1 }]);
});
