// Hunts for: a host of many pipelines that waits for the disk once for each, and commands that come between loading and beginning.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createHost } from "./host.ts";
import { Runner } from "./runner.ts";

/** A runner of so many pipelines, each of which reads a file of one record. `log` gets its messages. */
async function hosted(count: number, log: (message: string) => void = () => undefined): Promise<Runner> {
  const folder = mkdtempSync(join(tmpdir(), "streamflow-runner-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "pipelines"));
  writeFileSync(join(folder, "in.ndjson"), '{"n":1}\n');
  for (let i = 0; i < count; i++) {
    writeFileSync(join(folder, `pipelines/p${i}.yaml`), `name: p${i}\nsource: { type: file, path: ../in.ndjson, schema: { n: int32 } }\nsinks: [{ type: file, folder: ../out-${i} }]\n`);
  }
  const host = createHost({ log: { format: "json", stream: { write: (text) => log((JSON.parse(text) as { readonly message: string }).message) } } });
  return Runner.open({ host, folder: join(folder, "pipelines"), dataFolder: join(folder, "data") });
}

it("pipelines begin in groups that grow, all of a group at once, so that they share transactions", async () => {
  const groups: number[] = [];
  let isNew = true;
  const runner = await hosted(20, (message) => {
    if (message !== "a pipeline starts") return;
    if (isNew) groups.push(0);
    groups[groups.length - 1]!++;
    isNew = false;
    // Before anything else can happen: what begins now begins in the same breath.
    process.nextTick(() => (isNew = true));
  });
  await runner.startAll();
  await Promise.all(runner.infos.map(({ name }) => runner.pipeline(name).ended));
  expect(groups).toEqual([1, 2, 4, 8, 5]);
  expect(runner.infos.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => "finished"));
  await runner.close();
});

it("a pipeline that is stopped between loading and beginning does not begin", async () => {
  const runner = await hosted(1);
  const pipeline = runner.pipeline("p0.yaml");
  const begin = await pipeline.prepare();
  pipeline.stop();
  begin();
  expect(pipeline.status).toBe("stopped");
  await pipeline.start();
  await pipeline.ended;
  expect(pipeline.status).toBe("finished");
  await runner.close();
});
