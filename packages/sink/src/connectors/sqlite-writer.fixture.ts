// Run by sqlite.test.ts as a process of its own, and killed there: counts into a table, epoch by epoch, going on where the table says.
import { nodeEnvironment } from "@streamflow/core/node";
import { sinkBatch } from "../sink-batch.ts";
import { sqliteSink } from "./sqlite.ts";

const [path = "", generationText = "1", rowsText = "500"] = process.argv.slice(2);
const generation = Number(generationText);
const epochRows = Number(rowsText);
const shard = "p:s/0";
const session = await sqliteSink({ path, table: "t", schema: { type: "struct", fields: [{ name: "id", type: { type: "int32" } }] } }).open({
  environment: nodeEnvironment(), pipeline: "p", node: "out", schema: undefined, keyFields: undefined, signal: new AbortController().signal,
});
const [last] = (await session.recover?.([{ shard, generation }])) ?? [];
let next = Number(last?.positions["0"] ?? 0);
process.stdout.write("ready\n");
for (let epoch = (last?.epoch ?? 0) + 1; ; epoch++) {
  for (let i = 0; i < epochRows / 50; i++) {
    const first = next + i * 50;
    await session.write(sinkBatch(Array.from({ length: 50 }, (_, j) => ({ id: first + j }))));
    await new Promise<void>((resolve) => process.nextTick(resolve));
  }
  next += epochRows;
  await session.commitTransaction?.({ epoch, shards: [{ shard, generation, epoch, positions: { "0": String(next) } }] });
}
