import { describe, expect, it } from "vitest";
import { parseDocument } from "yaml";
import { syntaxMistakes } from "./syntax-error.ts";

function told(text: string): readonly string[] {
  const { errors } = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  return syntaxMistakes(errors, text).map(({ offset, message, hint }) => `${offset}: ${message} | ${hint ?? ""}`);
}

describe("typical mistakes in words", () => {
  it.each([
    ["lines that are indented too deeply", "a: b\n   c: d\n", '3: a second ": " in one value, or lines below that are indented more deeply than the name | names of one mapping start in the same column; a value with ": " in it needs quotes: where: "big ? a : b"'],
    ["a conditional without quotes", "where: a ? b : c\n", '7: a second ": " in one value, or lines below that are indented more deeply than the name | names of one mapping start in the same column; a value with ": " in it needs quotes: where: "big ? a : b"'],
    ["a line that is indented too little", "a:\n  b: c\n d: e\n", "10: the line does not start in the column of the names above it | names of one mapping start in the same column"],
    ["no space behind a colon", "a:1\nb: 2\n", '0: a name without ": " behind it, or a line that is indented differently from those above it | write name: value, with a space behind the colon; names of one mapping start in the same column'],
    ["a name alone", "a: 1\nb\nc: 2\n", '5: a name without ": " behind it | write name: value, with a space behind the colon; names of one mapping start in the same column'],
    ["an expression that begins with a text", "where: 'Oslo' == city\n", `14: the value goes on behind its closing quote | put quotes around all of it: where: "city == 'Oslo'"`],
    ["a mark that YAML keeps for itself", "a: @x\n", "3: plain value cannot start with reserved character @ | put the value in quotes"],
    ["two documents", "a: 1\n---\nb: 2\n", "5: expected one document, got several | "],
  ])("%s", (_name, text, expected) => {
    expect(told(text)).toEqual([expected]);
  });

  it("a reference inside braces needs quotes", () => {
    expect(told("a: { b: ${X} }\n")).toEqual([expect.stringContaining('inside { } and [ ] a reference needs quotes: "${NAME}"')]);
  });
});

it("tells the first mistake, and not what follows from it", () => {
  const text = "stages:\n  - type: filter\n  where: a\n  - type: map\nsinks:\n";
  expect(parseDocument(text, { prettyErrors: false }).errors.length).toBeGreaterThan(1);
  expect(told(text)).toEqual([expect.stringContaining("the line does not start in the column")]);
});

it("tells every tab, also behind another mistake", () => {
  expect(told("a: { b: 1\nc:\n\t- d\n").map((line) => line.split(" | ")[1])).toEqual(["", "indent with spaces"]);
});
