import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { excessOf } from "./depth.ts";

type Tree = { readonly [name: string]: Tree } | readonly Tree[] | string;

const tree = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom("", "x", "[", "- a", "a: b", "long words\nover lines", "'\"#"),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "bb", "c d", "[", "?"), tie("tree"), { maxKeys: 3 }),
  ),
})).tree;

function depthOf(value: Tree): number {
  if (typeof value === "string") return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function measured(text: string): number {
  let depth = 0;
  while (excessOf(text, { maxDepth: depth, maxTokens: 100_000 }) !== undefined) depth++;
  return depth;
}

describe("excessOf", () => {
  it("never counts a level too few, however the text is written", () => {
    const styles = fc.record({ indent: fc.integer({ min: 1, max: 4 }), indentSeq: fc.boolean(), collectionStyle: fc.constantFrom("any", "block", "flow" as const) });
    fc.assert(
      fc.property(tree, styles, (value, style) => {
        expect(measured(stringify(value, style as object))).toBeGreaterThanOrEqual(depthOf(value));
        expect(measured(JSON.stringify(value))).toBeGreaterThanOrEqual(depthOf(value));
      }),
    );
  });

  it("counts siblings as one level", () => {
    const text = Array.from({ length: 500 }, (_, i) => `k${i}:\n  - a: [x]\n  - b\n`).join("");
    expect(measured(text)).toBeLessThanOrEqual(5);
  });

  it("tells the first place beyond the bound", () => {
    expect(excessOf("a:\n  - [[x]]\n", { maxDepth: 3, maxTokens: 100 })?.place).toEqual({ line: 2, column: 6 });
    expect(excessOf("[[[", { maxDepth: 2, maxTokens: 100 })).toEqual({ place: { line: 1, column: 3 }, message: "nested deeper than 2 levels" });
    expect(excessOf("a: b\nc: d\n", { maxDepth: 9, maxTokens: 5 })).toEqual({ place: { line: 2, column: 1 }, message: "the document has more than 5 tokens" });
  });
});
