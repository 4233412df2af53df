import { describe, expect, it } from "vitest";
import { exportedNames, hasDocComment } from "./exports.ts";

describe("exported names", () => {
  it("are those of the index files, with the place of their declaration", () => {
    const names = exportedNames();
    const pipeline = names.find(({ entry, name }) => entry === "@streamflow/core" && name === "Pipeline");
    expect(pipeline?.file).toBe("packages/core/src/pipeline.ts");
    expect(pipeline?.text.slice(pipeline.at)).toMatch(/^export class Pipeline/);
    expect(names.some(({ entry, name }) => entry === "@streamflow/core/testing" && name === "ManualClock")).toBe(true);
    expect(names.filter(({ at }) => at < 0)).toEqual([]);
  });
});

describe("doc comments", () => {
  const at = (text: string): boolean => hasDocComment(text, text.indexOf("export"));
  it("stand right before the declaration", () => {
    expect(at("/** What it is. */\nexport const a = 1;")).toBe(true);
    expect(at("/**\n * What it is.\n */\nexport const a = 1;")).toBe(true);
    expect(at("/** What b is. */\nconst b = 2;\nexport const a = 1;")).toBe(false);
    expect(at("/* A remark. */\nexport const a = 1;")).toBe(false);
    expect(at("// A remark.\nexport const a = 1;")).toBe(false);
    expect(hasDocComment("export const a = 1;", -1)).toBe(false);
  });
});
