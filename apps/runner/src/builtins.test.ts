import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseComponent, pipelineJsonSchema } from "@streamflow/config";
import type { ComponentKind, ComponentSpec } from "@streamflow/core";
import { builtinRegistry } from "./builtins.ts";

const kinds: readonly ComponentKind[] = ["source", "stage", "sink", "decoder", "encoder"];
const registry = builtinRegistry();
const specs = kinds.flatMap((kind) => (registry.components(kind) as readonly ComponentSpec[]).map((spec) => ({ kind, type: spec.type, spec })));

describe("builtinRegistry", () => {
  it("has what a pipeline needs, of every kind", () => {
    const types = specs.map(({ kind, type }) => `${kind} ${type}`);
    expect(types).toEqual(expect.arrayContaining(["source file", "source stdin", "stage eventTime", "stage keyBy", "stage window", "stage route", "sink sqlite", "sink file", "sink stdout", "decoder ndjson", "encoder ndjson"]));
    expect(registry.functions.names()).toEqual(expect.arrayContaining(["upper", "matches"]));
  });

  it.each(specs)("the example of $kind $type is one", ({ kind, type, spec }) => {
    expect(parseComponent(kind, spec.example, { registry, secrets: { get: (name) => `value of ${name}` } }).type).toBe(type);
  });

  it.each(specs.filter(({ kind }) => kind === "stage"))("stage $type has an operator", ({ type }) => {
    expect(() => registry.operator(type)).not.toThrow();
  });

  it("loads neither servers nor engines that few pipelines need", { timeout: 240_000 }, () => {
    const program = `import { builtinRegistry } from ${JSON.stringify(import.meta.resolve("./builtins.ts"))};
      import { MetricsCollector } from "@streamflow/metrics";
      import { createRequire } from "node:module";
      const loaded = [builtinRegistry(), new MetricsCollector({ clock: { nowMs: () => 0 } })].length;
      const packages = Object.keys(createRequire(import.meta.url).cache).filter((path) => /[/](prom-client|re2js|ajv)[/]/.test(path));
      process.stdout.write(JSON.stringify([loaded, packages, process.moduleLoadList.filter((name) => /NativeModule (https?|cluster)$/.test(name))]));`;
    const node = join(import.meta.dirname, "../../../node_modules/.bin/node");
    const printed = execFileSync(node, ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program], { cwd: import.meta.dirname, encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual([2, [], []]);
  });

  it("gives a registry of its own each time", () => {
    expect(builtinRegistry()).not.toBe(registry);
    expect(Object.keys(pipelineJsonSchema(registry)["$defs"] as object)).toContain("stage.window");
  });
});
