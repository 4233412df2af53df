// Functions with regular expressions, on an engine whose time is linear in the text: no pattern can hang a pipeline.
import { createRequire } from "node:module";
import { functionTable, standardFunctions, StreamFlowError, type DataType, type ExpressionFunction, type FunctionTable } from "@streamflow/core";
import type { RE2JS } from "re2js";

// Only a pipeline with a pattern pays for loading the engine.
const load = createRequire(import.meta.url);

const text: DataType = { type: "string" };
const maxPatternLength = 1000;
const maxCachedPatterns = 256;
const maxTextLength = 16_777_216;

interface RegexFunction {
  readonly name: string;
  readonly summary: string;
  /** Names of the parameters behind text and pattern. */
  readonly more?: readonly { readonly name: string; readonly type: DataType; readonly optional?: boolean }[];
  readonly result: DataType;
  readonly example: string;
  readonly evaluate: (text: string, pattern: RE2JS, more: unknown) => unknown;
}

/**
 * `matches`, `extract` and `replaceAll`: functions over regular expressions in RE2 syntax (no back references, no look-around).
 *
 * A pattern that is a literal is checked when the plan is built.
 * @see Russ Cox, "Regular Expression Matching in the Wild", 2010
 */
export const regexFunctions: readonly ExpressionFunction[] = [
  regexFunction({
    name: "matches", summary: "Whether a regular expression (RE2 syntax) is found anywhere in a text. Anchor with ^ and $ for the whole text.",
    result: { type: "bool" }, example: 'matches("flight LAX-42", "[A-Z]{3}-[0-9]+") // => true', evaluate: (input, pattern) => pattern.matcher(input).find(),
  }),
  regexFunction({
    name: "extract", summary: "What a group of a regular expression matched first in a text; group 0 (the default where there is no group, else 1) is the whole match. Null where nothing matches.",
    more: [{ name: "group", type: { type: "int32" }, optional: true }],
    result: { type: "string", nullable: true }, example: 'extract("flight LAX-42", "([A-Z]{3})-([0-9]+)", 2) // => "42"', evaluate: extract,
  }),
  regexFunction({
    name: "replaceAll", summary: "The text with every match of a regular expression replaced. `by` is taken as it is.",
    more: [{ name: "by", type: text }],
    result: text, example: 'replaceAll("a1b22", "[0-9]+", "#") // => "a#b#"', evaluate: replaceAll,
  }),
];

/** The standard functions of core, and those with regular expressions: what expressions in YAML may call. */
export const configFunctions: FunctionTable = functionTable([...standardFunctions, ...regexFunctions]);

function regexFunction(definition: RegexFunction): ExpressionFunction {
  const { name, summary, result, example, evaluate } = definition;
  const compiled = new Map<string, RE2JS>();
  return {
    name, summary, example, pure: true,
    parameters: [{ name: "text", type: text }, { name: "pattern", type: text }, ...(definition.more ?? [])],
    result: (arguments_) => (arguments_.some((argument) => argument === undefined || argument.nullable === true) ? { ...result, nullable: true } : result),
    check: ([, pattern]) => {
      if (typeof pattern === "string") compile(name, pattern, "SF_EXPRESSION_INVALID");
    },
    evaluate: (...arguments_) => {
      if (arguments_.some((argument) => argument === null || argument === undefined)) return null;
      const [input, pattern, more] = arguments_;
      if (typeof input !== "string" || typeof pattern !== "string") throw new StreamFlowError("SF_EXPRESSION_FAILED", `${name}: text and pattern must be strings`);
      return evaluate(input, cached(compiled, pattern, name), more);
    },
  };
}

function cached(compiled: Map<string, RE2JS>, pattern: string, name: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const made = compile(name, pattern, "SF_EXPRESSION_FAILED");
  // Patterns that come from records must not fill the memory.
  if (compiled.size >= maxCachedPatterns) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

function compile(name: string, pattern: string, code: "SF_EXPRESSION_INVALID" | "SF_EXPRESSION_FAILED"): RE2JS {
  if (pattern.length > maxPatternLength) throw new StreamFlowError(code, `${name}: a pattern may have ${maxPatternLength} characters, got ${pattern.length}`);
  try {
    return (load("re2js") as typeof import("re2js")).RE2JS.compile(pattern);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StreamFlowError(code, `${name}: the pattern ${JSON.stringify(pattern.slice(0, 60))} is malformed: ${why}`, { cause, hint: "patterns are in RE2 syntax, without back references and look-around" });
  }
}

function extract(input: string, pattern: RE2JS, group: unknown): string | null {
  const matcher = pattern.matcher(input);
  if (!matcher.find()) return null;
  const groups = matcher.groupCount();
  const wanted = group ?? (groups === 0 ? 0 : 1);
  if (typeof wanted !== "number" || !Number.isInteger(wanted) || wanted < 0 || wanted > groups) {
    throw new StreamFlowError("SF_EXPRESSION_FAILED", `extract: the pattern has ${groups} groups, and ${String(wanted)} is none of them`);
  }
  return matcher.group(wanted) ?? null;
}

function replaceAll(input: string, pattern: RE2JS, by: unknown): string {
  if (typeof by !== "string") throw new StreamFlowError("SF_EXPRESSION_FAILED", 'replaceAll: "by" must be a string');
  const matcher = pattern.matcher(input);
  let made = "";
  let from = 0;
  while (matcher.find()) {
    made += input.slice(from, matcher.start()) + by;
    from = matcher.end();
    if (made.length > maxTextLength) throw new StreamFlowError("SF_EXPRESSION_FAILED", `replaceAll: the result would have more than ${maxTextLength} characters`);
  }
  return made + input.slice(from);
}
