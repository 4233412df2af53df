// No record disappears: what is not counted goes to a place of its own.
//   sales        → counted by shop and ten minutes → totals
//   late sales   → late
//   refunds      → refunds
//   other kinds  → other
//   no time      → rejected, with the reason
//   not readable → the dead letters of the data folder
import { eventTime, field, nullable, Pipeline, t } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";
import { fileSink, route } from "@streamflow/sink";
import { count, keyBy, project, sum, tumbling, window } from "@streamflow/transform";

const minuteMs = 60_000;
const order = t.struct({ id: t.int64(), kind: t.string(), shop: t.string(), cents: t.int64(), at: nullable(t.timestamp()) });

export function pipeline({ out = "out" }: { readonly out?: string } = {}) {
  const file = (name: string) => fileSink({ folder: `${out}/${name}`, baseFolder: import.meta.dirname });
  return new Pipeline({ name: "orders" })
    .from(fileSource({ path: "orders.ndjson", baseFolder: import.meta.dirname, schema: order }))
    .addStage(eventTime({ timestamp: field("at"), outOfOrdernessMs: minuteMs }), { id: "timed" })
    .side("rejected", (rejected) => rejected
      .addStage(project({ id: field("value", "id"), reason: field("code") }), { id: "reason" })
      .to(file("rejected"), { id: "rejected" }))
    .addStage(route({ routes: { sales: field("kind").eq("sale"), refunds: field("kind").eq("refund") }, otherwise: "other" }), { id: "kinds" })
    .side("refunds", (refunds) => refunds.to(file("refunds"), { id: "refunds" }))
    .side("other", (other) => other.to(file("other"), { id: "other" }))
    .side("sales", (sales) => sales
      .addStage(keyBy("shop"))
      .addStage(window({ window: tumbling({ sizeMs: 10 * minuteMs }), aggregate: { sales: count(), cents: sum(field("cents")) } }), { id: "totals-by-shop" })
      .side("late", (late) => late.to(file("late"), { id: "late" }))
      .to(file("totals"), { id: "totals" }));
}
