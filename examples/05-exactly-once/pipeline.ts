// Balances that survive kill -9: each payment counts once, in a table that is updated in place and in files that are only added to.
import { field, Pipeline, t } from "@streamflow/core";
import { fileSource } from "@streamflow/ingest";
import { fileSink, sqliteSink } from "@streamflow/sink";
import { aggregate, count, filter, keyBy, sum } from "@streamflow/transform";

const payment = t.struct({ id: t.int64(), account: t.string(), cents: t.int64() });

/** What may be said from outside. */
export interface PaymentOptions {
  readonly input?: string;
  readonly out?: string;
  /** `sync`: the pipeline waits while a checkpoint is written; `async`: it goes on. */
  readonly mode?: "sync" | "async";
}

export function pipeline({ input = "payments.ndjson", out = "out", mode = "async" }: PaymentOptions = {}) {
  const baseFolder = import.meta.dirname;
  return new Pipeline({ name: "payments", checkpoint: { everyMs: 20, mode }, unboundedState: true })
    .from(fileSource({ path: input, baseFolder, schema: payment }), { id: "payments" })
    // Files: an epoch is prepared, the checkpoint published, then the parts are renamed.
    .branch((large) => large
      .addStage(filter(field("cents").gte(100_000)))
      .to(fileSink({ folder: `${out}/large`, baseFolder }), { id: "large" }))
    // SQLite: rows and positions are one transaction of the database.
    .addStage(keyBy("account"))
    .addStage(aggregate({ payments: count(), cents: sum(field("cents")) }), { id: "balance" })
    .to(sqliteSink({ path: `${out}/balances.db`, table: "balances", mode: "upsert", key: ["account"], baseFolder }), { id: "balances" });
}
