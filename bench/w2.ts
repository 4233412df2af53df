// W2 as a pipeline: NDJSON file → filter → key → 10 s event-time windows (count, sum) → NDJSON file, with a checkpoint each second.
//   node bench/w2.ts VARIANT INPUT OUTPUT DATA_FOLDER
import { eventTime, field, Pipeline, PipelineRun, t } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { fileSource } from "@streamflow/ingest";
import { fileSink, ndjsonEncoder } from "@streamflow/sink";
import { closeAll, openDataFolder } from "@streamflow/state";
import { count, filter, keyBy, sum, tumbling, window } from "@streamflow/transform";

interface Bid {
  readonly auction: number;
  readonly price: number;
  readonly dateTime: number;
}

const [variant, input, output, dataFolder] = process.argv.slice(2);
if (input === undefined || output === undefined || dataFolder === undefined || (variant !== "lambdas" && variant !== "expressions")) {
  throw new Error("usage: w2.ts lambdas|expressions INPUT OUTPUT DATA_FOLDER");
}

const bid = t.struct({ auction: t.int32(), price: t.int32(), dateTime: t.timestamp() });
const lambdas = { time: (b: Bid) => b.dateTime, where: (b: Bid) => b.price >= 10_000, key: (b: Bid) => b.auction, price: (b: Bid) => b.price };
const expressions = { time: field("dateTime"), where: field("price").gte(10_000), key: field("auction"), price: field("price") };
const use = variant === "lambdas" ? lambdas : expressions;

const pipeline = new Pipeline({ name: "w2", checkpoint: { everyMs: 1_000 } })
  .from(fileSource<Bid>({ path: input, format: "ndjson", schema: bid }))
  .addStage(eventTime({ timestamp: use.time as typeof lambdas.time, outOfOrdernessMs: 5_000 }))
  .addStage(filter(use.where as typeof lambdas.where))
  .addStage(keyBy(use.key as typeof lambdas.key))
  .addStage(window({ window: tumbling({ sizeMs: 10_000 }), aggregate: { count: count(), sum: sum(use.price as typeof lambdas.price) } }), { id: "totals" })
  .to(fileSink({ folder: output, format: ndjsonEncoder({ timestamps: "ms" }) }));

const environment = nodeEnvironment({ log: { level: "warn" } });
const stores = await openDataFolder(dataFolder, environment);
try {
  await new PipelineRun(pipeline.plan(), { environment, stores }).run();
} finally {
  await closeAll(stores);
}
