// Ten minutes of temperatures: how many readings each sensor gave, and their mean.
import { eventTime, field, Pipeline, t } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";
import { csvEncoder, fileSink } from "@streamflow/sink";
import { avg, count, keyBy, max, tumbling, window } from "@streamflow/transform";

const minuteMs = 60_000;
const reading = t.struct({ sensor: t.string(), time: t.timestamp(), celsius: t.float64() });

export const pipeline = ({ out = "out" }: { readonly out?: string } = {}) =>
  new Pipeline({ name: "temperatures" })
    .from(fileSource({ path: "readings.csv", baseFolder: import.meta.dirname, schema: reading }))
    // A reading may come up to two minutes after a newer one.
    .addStage(eventTime({ timestamp: field("time"), outOfOrdernessMs: 2 * minuteMs }))
    .addStage(keyBy("sensor"))
    .addStage(window({
      window: tumbling({ sizeMs: 10 * minuteMs }),
      aggregate: { readings: count(), mean: avg(field("celsius")), highest: max(field("celsius")) },
    }))
    .to(fileSink({ folder: out, baseFolder: import.meta.dirname, format: csvEncoder() }));
