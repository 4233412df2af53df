import { buildPlan, loadPipeline } from "@streamflow/config";
import { canonicalPlan } from "@streamflow/core";
import { envSecrets, nodeDisk } from "@streamflow/core/node";
import { builtinRegistry } from "@streamflow/runner";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { pipeline } from "./pipeline.ts";

const options = { flights: "f.ndjson", airports: "a.ndjson", results: "r.db" };

it("is the same plan in code and in YAML", async () => {
  const registry = builtinRegistry();
  const secrets = envSecrets({ variables: { ...options } });
  const spec = await loadPipeline(fileURLToPath(new URL("./pipeline.yaml", import.meta.url)), { registry, disk: nodeDisk(), secrets });
  expect(canonicalPlan(buildPlan(spec, registry))).toEqual(canonicalPlan(pipeline(options).plan()));
});
