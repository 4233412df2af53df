import { describe, expect, it } from "vitest";
import type { ComponentKind } from "@streamflow/core";
import { testRegistry } from "./registry.fixture.ts";
import { parseComponent } from "./parse-component.ts";
import { referenceDocs } from "./reference.ts";

const registry = testRegistry();
const kinds: readonly ComponentKind[] = ["source", "stage", "sink", "decoder", "encoder"];
const specs = kinds.flatMap((kind) => registry.components(kind).map((spec) => ({ kind, type: spec.type, example: spec.example })));

describe("referenceDocs", () => {
  const docs = referenceDocs(registry);

  it("has a chapter per kind and a section per component, with its fields and example", () => {
    expect([...docs.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(["Pipeline", "Sources", "Stages", "Sinks", "Decoders", "Encoders"]);
    expect([...docs.matchAll(/^### (.*)$/gm)].length).toBe(specs.length);
    expect(docs).toContain("| `eventTime.maxDelay` | duration | `0ms` | How much later it may come. |");
    expect(docs).toContain("| `lateness` | `drop`, `output`, `update` | `drop` | What happens to late records. |");
    expect(docs).toContain("| `by` | string or list of string, at least 1 | – | Key fields. |");
    expect(docs).toContain("| `records` | integer, 1 to 1000000 | `10` | How many. |");
    expect(docs).toContain("| `url` | string | required | Where, with user and password. A secret: write `${NAME}` or `${file:path}`. |");
    expect(docs).toContain("| `checkpoint.every` | duration, at least 1ms |");
    expect(docs.match(/\| `jsonSchema` \| any value \| – \| JSON Schema \(draft 2020-12/g)).toHaveLength(1);
    expect(docs).toContain("```yaml\ntype: sample\nrate: 0.1\n```");
  });

  it.each(specs)("the example of $kind $type parses", ({ kind, type, example }) => {
    expect(parseComponent(kind, example, { registry, secrets: { get: (name) => `value of ${name}` } }).type).toBe(type);
  });

  it("an example that does not parse is refused", () => {
    expect(() => parseComponent("stage", "type: sample\nrat: 1\n", { registry })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    expect(() => parseComponent("stage", "- type: sample\n", { registry })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
    expect(() => parseComponent("stage", "", { registry })).toThrow(expect.objectContaining({ code: "SF_CONFIG_INVALID" }));
  });
});
