// Expressions as people write them: a safe subset of JavaScript, parsed by acorn and turned into core's plain nodes. Nothing is ever run.
import type { AggregateCall, Expression, SourceLocation } from "@streamflow/core";
import { parseExpressionAt, type AnyNode, type Expression as SyntaxExpression } from "acorn";
import { SyntaxReader } from "./expression-syntax.ts";

const maxTextLength = 20_000;
/** White space and comments. */
const blank = /^(?:\s|\/\*[^]*?\*\/|\/\/.*)*/;

/** How mistakes are located. */
export interface ParseExpressionOptions {
  /** Turns an offset in the text into a place of the file it stands in. @defaultValue line and column inside the text, from 1 */
  readonly locate?: (offset: number) => SourceLocation;
}

/**
 * Reads an expression: literals, field paths, `_` for the whole record, arithmetic, comparisons, `&& || ! ?? ?:`, template literals, lists,
 * objects, and calls of functions by name. `===` means `==`, `a?.b` means `a.b`: null in, null out.
 *
 * @throws {@link StreamFlowError} `SF_EXPRESSION_INVALID` with the place, what was found and what to write instead; also beyond 20,000
 * characters or 500 levels. Never anything else, whatever the text.
 * @example
 * ```ts
 * import { parseExpression } from "@streamflow/config";
 *
 * parseExpression("delay"); // => { kind: "field", path: ["delay"] }
 * ```
 */
export function parseExpression(text: string, options: ParseExpressionOptions = {}): Expression {
  return guarded(text, options, (reader, syntax) => reader.expression(syntax));
}

/**
 * Reads the call of an aggregate: `avg(delay)`, `quantile(delay, 0.95)`, `count()`. Whether the aggregate exists is checked where it is used.
 *
 * @throws {@link StreamFlowError} `SF_EXPRESSION_INVALID`, as `parseExpression` does.
 */
export function parseAggregate(text: string, options: ParseExpressionOptions = {}): AggregateCall {
  return guarded(text, options, (reader, syntax) => reader.aggregate(syntax));
}

function guarded<Result>(text: string, options: ParseExpressionOptions, read: (reader: SyntaxReader, syntax: AnyNode) => Result): Result {
  const reader = new SyntaxReader(text, options.locate ?? ((offset) => placeIn(text, offset)));
  if (text.length > maxTextLength) throw reader.invalid(`the expression has ${text.length} characters, at most ${maxTextLength} are read`, 0);
  try {
    const syntax = parseSyntax(text, reader);
    return read(reader, syntax as AnyNode);
  } catch (thrown) {
    // Only the stack can overflow here: acorn and the reader descend by recursion, and the text is not nested that deeply in earnest.
    if (thrown instanceof RangeError) throw reader.tooDeep();
    throw thrown;
  }
}

function parseSyntax(text: string, reader: SyntaxReader): SyntaxExpression {
  let syntax: SyntaxExpression;
  try {
    syntax = parseExpressionAt(text, 0, { ecmaVersion: "latest", sourceType: "module", preserveParens: true });
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw reader.syntaxError(thrown as SyntaxError & { readonly pos?: number });
    throw thrown;
  }
  const rest = syntax.end + (blank.exec(text.slice(syntax.end))?.[0].length ?? 0);
  if (rest < text.length) throw reader.unexpected(rest);
  return syntax;
}

function placeIn(text: string, offset: number): SourceLocation {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
