// Every file in test/broken has mistakes; beside it stands what people are told. `vitest -u` writes what is new: read it before committing.
import { readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { testRegistry } from "./registry.fixture.ts";
import { ConfigError, renderDiagnostics } from "./diagnostic.ts";
import { parsePipeline } from "./parser.ts";

const folder = new URL("../test/broken/", import.meta.url);
const planted = "planted-7";

function told(name: string): string {
  const text = readFileSync(new URL(name, folder), "utf8");
  try {
    parsePipeline(text, { registry: testRegistry(), file: name, secrets: { get: (variable) => (variable === "PLANTED" ? planted : undefined) } });
  } catch (thrown) {
    if (thrown instanceof ConfigError) return `${renderDiagnostics(thrown.diagnostics)}\n`;
    throw thrown;
  }
  return "nothing was refused\n";
}

it.each(readdirSync(folder).filter((name) => !name.endsWith(".txt")))("%s is explained", async (name) => {
  const text = told(name);
  expect(text).not.toContain("nothing was refused");
  expect(text).not.toContain(planted);
  await expect(text).toMatchFileSnapshot(new URL(`${name}.txt`, folder).pathname);
});
