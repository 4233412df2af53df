import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxDepth, readDocument, type ConfigNode, type ScalarNode } from "./document.ts";
import { Problems } from "./problems.ts";

function read(text: string): { node: ConfigNode | undefined; told: string[] } {
  const problems = new Problems(undefined);
  const node = readDocument(text, problems);
  return { node, told: problems.found.map(({ message, location }) => `${location.line}:${location.column} ${message}`) };
}

function plain(node: ConfigNode | undefined): unknown {
  if (node === undefined || node.kind === "scalar") return node?.value;
  return node.kind === "list" ? node.items.map(plain) : Object.fromEntries(node.entries.map(({ name, value }) => [name, plain(value)]));
}

function scalar(text: string): ScalarNode {
  const { node } = read(text);
  const value = node?.kind === "map" ? node.entries[0]?.value : undefined;
  if (value?.kind !== "scalar") throw new Error("no scalar");
  return value;
}

describe("readDocument", () => {
  it("reads any JSON as JSON.parse does", () => {
    // Numbers beyond 2^53 and __proto__ are refused or odd in their own way; indentation by tabs is JSON's right.
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const { node, told } = read(text);
        expect(told).toEqual([]);
        expect(plain(node)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("knows where values and keys stand", () => {
    const { node } = read("a: 1\nb:\n  - x\n  - { c: y }\n");
    if (node?.kind !== "map") throw new Error("no map");
    const [, b] = node.entries;
    expect(b?.namePlace).toEqual({ line: 2, column: 1 });
    if (b?.value.kind !== "list") throw new Error("no list");
    const [x, map] = b.value.items;
    expect(x?.place).toEqual({ line: 3, column: 5 });
    expect(map?.kind === "map" ? map.entries[0]?.value.place : undefined).toEqual({ line: 4, column: 10 });
  });

  it("knows the place of a character inside a scalar", () => {
    expect(scalar("where: a > b").placeAt(4)).toEqual({ line: 1, column: 12 });
    expect(scalar("where: 'a > b'").placeAt(4)).toEqual({ line: 1, column: 13 });
    expect(scalar('where: "a > b"').placeAt(4)).toEqual({ line: 1, column: 13 });
    expect(scalar("where: |\n  a >\n    b\n").placeAt(6)).toEqual({ line: 3, column: 5 });
    // Escapes and folding hide it: the start has to do.
    expect(scalar('where: "a\\t> b"').placeAt(4)).toEqual({ line: 1, column: 8 });
    expect(scalar("where: >\n  a >\n  b\n").placeAt(4)).toEqual({ line: 1, column: 8 });
  });

  it.each([
    ["a: 1\na: 2\n", ['2:1 the key "a" is given twice']],
    ["a: 1\n---\nb: 2\n", ["2:1 expected one document, got several"]],
    ["", ["1:1 the document is empty"]],
    ["a: !!binary xx\n", ["1:13 tags such as tag:yaml.org,2002:binary are not supported"]],
    ["%YAML 1.1\n---\na: yes\n", ["1:1 expected YAML 1.2, got 1.1"]],
    ["? [a, b]\n: 1\n", ["1:3 expected a name, got a list, a mapping or an alias as the key"]],
    ["a: *nobody\n", ["1:4 no anchor &nobody stands before the alias"]],
  ])("refuses %j", (text, expected) => {
    expect(read(text).told).toEqual(expected);
  });

  it("tells syntax errors with their place", () => {
    expect(read("a: 1\nb: 'x\n").told).toEqual([expect.stringMatching(/^3:1 /)]);
  });

  it("expands aliases, each in its place", () => {
    expect(plain(read("x-base: &base { size: 5 }\na: *base\nb: [*base]\n").node)).toEqual({ "x-base": { size: 5 }, a: { size: 5 }, b: [{ size: 5 }] });
    expect(plain(read("a: &x 1\nb: &x 2\nc: *x\n").node)).toEqual({ a: 1, b: 2, c: 2 });
  });

  it("D2: a billion laughs are refused within the budget", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 12; i++) lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(", ")}]`);
    expect(read(lines.join("\n")).told).toEqual([expect.stringContaining("more than 20000 values once its aliases are expanded")]);
  });

  it("D2: an alias inside its own anchor is refused", () => {
    expect(read("a: &a [*a]\n").told).toEqual([expect.stringContaining("an alias inside its own anchor")]);
    expect(read("a: &a { b: *a }\n").told).toEqual([expect.stringContaining("an alias inside its own anchor")]);
  });

  it.each([
    ["flow lists", `a: ${"[".repeat(10_000)}`],
    ["flow mappings", `a: ${"{a: ".repeat(10_000)}`],
    ["block lists on one line", `${"- ".repeat(10_000)}a`],
    ["explicit keys", `${"? ".repeat(10_000)}a`],
    ["block mappings", Array.from({ length: 1000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["JSON", `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
  ])("D1: 10,000 deep %s are refused without recursion", (_name, text) => {
    expect(read(text).told).toEqual([expect.stringContaining(`nested deeper than ${maxDepth} levels`)]);
  });

  it("D1: allows what is deep, but not too deep, wide, or only looks nested", () => {
    const depth = 50;
    expect(read(`a: ${"[".repeat(depth)}${"]".repeat(depth)}`).told).toEqual([]);
    expect(read(Array.from({ length: 500 }, (_, i) => `k${i}:\n  - { a: [1] }`).join("\n")).told).toEqual([]);
    expect(read(`a: "${"[".repeat(1000)}"\nb: '${"- ".repeat(1000)}'\n# ${"[".repeat(1000)}\nc: |\n  ${"[".repeat(1000)}\n`).told).toEqual([]);
  });

  it("D1: refuses a text beyond 1 MiB", () => {
    expect(read(`a: ${"x".repeat(1024 * 1024)}`).told).toEqual(["1:1 the text is larger than 1048576 bytes"]);
  });

  it("D1: refuses a text of very many tokens", () => {
    for (const piece of ["]", "}{", "! ", "& ", "- a\n", "# x\n"]) {
      expect(read(piece.repeat(200_000)).told).toEqual([expect.stringContaining("more than 100000 tokens")]);
    }
  });

  it("throws nothing, whatever the text", () => {
    const pieces = fc.array(fc.constantFrom("a", ":", " ", "\n", "- ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "!t ", "|", ">", '"', "'", "#", "---\n", "...", "\t", "  ", "%", "${X}", "\r\n", "é", "\u{1F600}", "<<: *a"), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), pieces.map((parts) => parts.join(""))), (text) => {
        const { node, told } = read(text);
        expect(node !== undefined || told.length > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
