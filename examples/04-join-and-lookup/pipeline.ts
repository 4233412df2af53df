// What people looked at in the ten minutes in which they bought something, with their names.
import { eventTime, field, Pipeline, t } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";
import { fileSink } from "@streamflow/sink";
import { keyBy, lookup, project, tumbling, windowJoin } from "@streamflow/transform";

const minuteMs = 60_000;
const click = t.struct({ user: t.string(), page: t.string(), at: t.timestamp() });
const purchase = t.struct({ user: t.string(), item: t.string(), cents: t.int64(), at: t.timestamp() });
const user = t.struct({ user: t.string(), name: t.string(), country: t.string() });

export function pipeline({ out = "out" }: { readonly out?: string } = {}) {
  const baseFolder = import.meta.dirname;
  const timed = eventTime({ timestamp: field("at"), outOfOrdernessMs: minuteMs });

  const clicks = new Pipeline({ name: "purchases" })
    .from(fileSource({ path: "clicks.ndjson", baseFolder, schema: click }), { id: "clicks" })
    .addStage(timed, { id: "clicks-timed" })
    .addStage(keyBy("user"), { id: "clicks-by-user" });

  const purchases = new Pipeline({ name: "purchases" })
    .from(fileSource({ path: "purchases.ndjson", baseFolder, schema: purchase }), { id: "purchases" })
    .addStage(timed, { id: "purchases-timed" })
    .addStage(keyBy("user"), { id: "purchases-by-user" });

  return purchases
    .join(clicks, windowJoin({ window: tumbling({ sizeMs: 10 * minuteMs }), join: "left" }), { id: "with-clicks" })
    .addStage(lookup({ source: fileSource({ path: "users.csv", baseFolder, schema: user }), sourceKey: field("user"), key: field("user"), as: "person" }))
    .addStage(project({
      user: field("user"), name: field("person", "name"), country: field("person", "country"),
      item: field("left", "item"), cents: field("left", "cents"), page: field("right", "page"),
    }))
    .to(fileSink({ folder: out, baseFolder }));
}
