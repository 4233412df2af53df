// A pipeline of a YAML file on a real broker, gated: what its runs have committed is written down with them, in SQLite and in Postgres.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPlan, loadPipeline } from "@streamflow/config";
import { PipelineRun } from "@streamflow/core";
import { createHost, type RunnerHost } from "@streamflow/runner";
import { closeAll, latestRun, readCheckpoints } from "@streamflow/state";
import { expect, inject, it } from "vitest";
import { freshName, makeTopic, send } from "./topics.fixture.ts";

const bootstrap = inject("kafka");
const tenantId = "default";
const messages = (partition: number, count: number) => Array.from({ length: count }, (_, id) => ({ partition, value: JSON.stringify({ id }) }));

it.each([
  ["SQLite", {}],
  ["Postgres", { STREAMFLOW_STORE: inject("postgres") }],
])("%s: each run has where its partitions stand, and begins with what the run before it had", async (_, store) => {
  const folder = mkdtempSync(join(tmpdir(), "streamflow-recorded-"));
  const [topic, pipelineId] = [freshName("recorded"), freshName("pipeline")];
  const file = join(folder, "p.yaml");
  writeFileSync(file, `name: ${pipelineId}\nsource: { type: kafka_consumer, topic: ${topic}, bounded: true, schema: { id: int64 } }\nsinks: [{ type: sqlite, path: out.db, table: t }]\n`);
  const run = async (host: RunnerHost): Promise<{ readonly runId: string; readonly checkpoints: readonly (readonly [unknown, string])[] }> => {
    const { environment, registry } = host;
    const plan = buildPlan(await loadPipeline(file, { registry, disk: environment.disk, secrets: environment.secrets }), registry);
    const stores = await host.openStores(join(folder, "data"));
    try {
      await new PipelineRun(plan, { environment, stores, functions: registry.functions }).run();
      const runId = (await latestRun({ metadata: stores.metadata, tenantId, pipelineId })) ?? "";
      const checkpoints = (await readCheckpoints({ metadata: stores.metadata, tenantId, runId })).map(({ partition, offset }) => [partition, offset] as const);
      return { runId, checkpoints };
    } finally {
      await closeAll(stores);
    }
  };
  const host = (variables: Readonly<Record<string, string>>): RunnerHost => createHost({ variables: { ...store, ...variables }, log: { level: "error" } });
  try {
    await makeTopic(bootstrap, topic, { partitions: 2 });
    await send(bootstrap, topic, [...messages(0, 100), ...messages(1, 7)]);
    await expect(run(host({ FLOW_KAFKA_BROKERS: bootstrap }))).rejects.toMatchObject({ code: "SF_STREAMING_DISABLED" });
    await expect(run(host({ FLOW_STREAMING_ENABLED: "true" }))).rejects.toMatchObject({ code: "SF_BROKER_UNCONFIGURED" });
    const on = { FLOW_STREAMING_ENABLED: "true", FLOW_KAFKA_BROKERS: bootstrap };
    const first = await run(host(on));
    expect(first.checkpoints).toEqual([[`${topic}-0`, "100"], [`${topic}-1`, "7"]]);
    // What was read to its end is not read on: the second run has what it inherits.
    const second = await run(host(on));
    expect(second).toEqual({ runId: expect.not.stringMatching(first.runId) as string, checkpoints: first.checkpoints });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
