import { compileExpression, describeFunctions, standardFunctions } from "@streamflow/core";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { parseExpression } from "./expression.ts";
import { configFunctions as functions, regexFunctions } from "./regex-functions.ts";

const evaluate = (text: string, record: unknown = {}): unknown => compileExpression(parseExpression(text), { functions }).evaluate(record);

describe("examples of all functions", () => {
  it.each([...standardFunctions, ...regexFunctions].map((fn) => [fn.name, fn] as const))("%s", (name, fn) => {
    const [call, result] = fn.example.split(" // => ");
    expect(call).toContain(`${name}(`);
    expect(evaluate(call!)).toEqual(evaluate(result!));
  });

  it("are in docs/expressions.md as they are in the code", () => {
    const page = readFileSync(new URL("../../../docs/expressions.md", import.meta.url), "utf8");
    expect(page).toContain(describeFunctions(standardFunctions));
    expect(page).toContain(describeFunctions(regexFunctions));
  });
});

it("extracts the whole match, the first group, or the group asked for", () => {
  expect(evaluate('extract("a-12", "[0-9]+")')).toBe("12");
  expect(evaluate('extract("a-12", "([a-z])-([0-9]+)")')).toBe("a");
  expect(evaluate('extract("a-12", "x")')).toBeNull();
  expect(() => evaluate('extract("a-12", "([a-z])", 2)')).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_FAILED" }));
});

it("takes the replacement as it is", () => {
  expect(evaluate('replaceAll("a1", "[0-9]", "$0\\\\1")')).toBe("a$0\\1");
  expect(evaluate('replaceAll("abc", "", "-")')).toBe("-a-b-c-");
});

it("answers null for null", () => {
  expect(evaluate('matches(none, "a")')).toBeNull();
  expect(evaluate('matches("a", none)')).toBeNull();
});

it("refuses a malformed literal pattern when the expression is built, and one from a record when it comes", () => {
  expect(() => evaluate('matches(name, "(")')).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID" }));
  expect(() => evaluate('matches(name, "(?=a)")')).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_INVALID" }));
  expect(() => evaluate("matches(name, p)", { name: "a", p: "(" })).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_FAILED" }));
  expect(() => evaluate("matches(name, p)", { name: "a", p: "a".repeat(1001) })).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_FAILED" }));
  expect(() => evaluate("matches(name, p)", { name: 5, p: "a" })).toThrow(expect.objectContaining({ code: "SF_EXPRESSION_FAILED" }));
});

it("takes linear time where a backtracking engine takes for ever", () => {
  const start = performance.now();
  expect(evaluate('matches(text, "^(a+)+$")', { text: `${"a".repeat(5000)}!` })).toBe(false);
  expect(performance.now() - start).toBeLessThan(5000);
});
