// A JSON Schema in the text of a pipeline, from the file that it stands in to the dead letters of the records that break it.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { buildPlan, loadPipeline } from "@streamflow/config";
import { PipelineRun } from "@streamflow/core";
import { closeAll, listDeadLetters } from "@streamflow/state";
import { createHost } from "./host.ts";

const text = `
name: checked
source:
  type: file
  path: orders.ndjson
  jsonSchema: \${file:order.schema.json}
sinks:
  - type: file
    folder: good
    format: ndjson
`;
const schema = { type: "object", required: ["id"], properties: { id: { type: "integer" }, items: { type: "array", items: { type: "object", properties: { price: { minimum: 0 } } } } } };
const lines = ['{"id":1,"items":[{"price":2}]}', '{"id":2,"items":[{"price":1},{"price":-3}]}', '{"name":"no id"}', "{broken", '{"id":3}'];

it("sends each record that breaks the rules to the dead letters, with the path and the rule, and the others on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "streamflow-json-schema-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "p.yaml"), text);
  writeFileSync(join(folder, "order.schema.json"), JSON.stringify(schema));
  writeFileSync(join(folder, "orders.ndjson"), lines.map((line) => `${line}\n`).join(""));
  const { registry, environment, openStores } = createHost({ log: { level: "error" } });
  const plan = buildPlan(await loadPipeline(join(folder, "p.yaml"), { registry, disk: environment.disk }), registry);
  const stores = await openStores(join(folder, "data"));
  try {
    await new PipelineRun(plan, { environment, stores }).run();
    const letters = await listDeadLetters(stores.logs, "checked");
    expect(letters.map(({ letter: { node, code, path, message, raw } }) => [node, code, path, /breaks "(\w+)"/.exec(message)?.[1], Buffer.from(raw).toString()])).toEqual([
      ["file", "SF_SCHEMA_VIOLATION", "/items/1/price", "minimum", lines[1]],
      ["file", "SF_SCHEMA_VIOLATION", undefined, "required", lines[2]],
      ["file", "SF_CODEC_DECODE", undefined, undefined, lines[3]],
    ]);
    expect(readdirSync(join(folder, "good")).map((name) => (name.startsWith("part") ? readFileSync(join(folder, "good", name), "utf8") : "")).join("").trim().split("\n").map((line) => (JSON.parse(line) as { id: number }).id)).toEqual([1, 3]);
  } finally {
    await closeAll(stores);
  }
});
