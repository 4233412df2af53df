// Flights that are more than a quarter of an hour late.
import { field, Pipeline } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";
import { stdoutSink } from "@streamflow/sink";
import { filter } from "@streamflow/transform";

export const pipeline = () =>
  new Pipeline({ name: "late-flights" })
    .from(fileSource({ path: "flights.ndjson", baseFolder: import.meta.dirname }))
    .addStage(filter(field("delay").gt(15)))
    .to(stdoutSink());
