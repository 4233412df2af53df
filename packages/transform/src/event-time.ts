// eventTime in YAML. The stage itself belongs to the engine: @streamflow/core, engine/event-time.ts.
import type { ComponentSpec } from "@streamflow/core";
import { stageSpec } from "./operator-stage.ts";

/** What YAML says. */
export const eventTimeSpec: ComponentSpec<"stage"> = stageSpec({
  type: "eventTime",
  summary: "Gives records their event time, and each partition its watermark.",
  fields: {
    timestamp: { type: { kind: "expression" }, doc: "The event time: milliseconds since 1970 UTC, or ISO 8601 text; a record without one is rejected.", required: true },
    outOfOrderness: { type: { kind: "duration" }, doc: "How far behind the newest record of its partition a record may come and still be in time.", default: "0ms" },
    idleAfter: { type: { kind: "duration", minMs: 1 }, doc: "A partition that delivers nothing for this long, in processing time, no longer holds event time back; by default it always does." },
    maxFuture: { type: { kind: "duration" }, doc: "A record further ahead of the clock than this is rejected.", default: "24h" },
  },
  example: "type: eventTime\ntimestamp: date\noutOfOrderness: 60m",
  config: ({ timestamp, outOfOrderness, idleAfter, maxFuture }) => ({
    timestamp,
    ...(outOfOrderness === 0 ? {} : { outOfOrdernessMs: outOfOrderness }),
    idleAfterMs: idleAfter,
    ...(maxFuture === 86_400_000 ? {} : { maxFutureMs: maxFuture }),
  }),
});
