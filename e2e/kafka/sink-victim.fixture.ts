// Run by sink-failures.test.ts as a process of its own, and killed there: one epoch is committed, another one is at the broker.
import { systemClock } from "@streamflow/core/node";
import { testEnvironment } from "@streamflow/core/testing";
import { sinkBatch } from "@streamflow/sink";
import { kafkaSink } from "@streamflow/sink/kafka";

const [, , bootstrap = "", topic = ""] = process.argv;
const shard = "p:s/0";
const identityAt = (index: number): { readonly shard: string; readonly origin: string; readonly index: number } => ({ shard, origin: "0", index });
const environment = { ...testEnvironment().environment, clock: systemClock() };

const session = await kafkaSink({ brokerList: [bootstrap], topic, batchBytes: 1000, transactionTimeoutMs: 600_000 })
  .open({ environment, pipeline: "p", node: topic, schema: undefined, keyFields: undefined, signal: new AbortController().signal });
await session.recover?.([{ shard, generation: 1 }]);
await session.write(sinkBatch(["committed"], { identityAt }));
await session.commitTransaction?.({ epoch: 1, shards: [{ shard, generation: 1, epoch: 1, positions: {} }] });
await session.write(sinkBatch(Array.from({ length: 100 }, () => "x".repeat(500)), { identityAt }));
setTimeout(() => process.stdout.write("written\n"), 500);
