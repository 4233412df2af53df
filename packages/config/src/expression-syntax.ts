// From acorn's syntax tree to expression nodes. What is not listed here is refused.
import { maxExpressionDepth, nearest, StreamFlowError, type AggregateCall, type BinaryOperator, type Expression, type SourceLocation, type UnaryOperator } from "@streamflow/core";
import type { AnyNode } from "acorn";

type Reader<Type extends AnyNode["type"]> = (node: Extract<AnyNode, { type: Type }>, depth: number) => Expression;
type Syntax<Type extends AnyNode["type"]> = Extract<AnyNode, { type: Type }>;

const binaryOperators: ReadonlyMap<string, BinaryOperator> = new Map([
  ["===", "=="], ["!==", "!="],
  ...(["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "??"] as const).map((operator) => [operator, operator] as const),
]);
const unaryOperators: ReadonlyMap<string, UnaryOperator> = new Map((["-", "!", "+"] as const).map((operator) => [operator, operator]));
const constants: ReadonlyMap<string, number> = new Map([["NaN", Number.NaN], ["Infinity", Number.POSITIVE_INFINITY]]);
const methodHint = "functions are called by name: write upper(name) in place of name.toUpperCase()";

/** What stands for a kind of syntax that is refused, and what to write instead. */
const refused: Readonly<Record<string, readonly [what: string, hint?: string]>> = {
  AssignmentExpression: ["an assignment", "an expression changes nothing; compare with =="],
  UpdateExpression: ["an assignment", "an expression changes nothing; write x + 1 or x - 1"],
  ArrowFunctionExpression: ["a function", "an expression is the body alone: write x > 0, not x => x > 0"],
  FunctionExpression: ["a function", "an expression is the body alone"],
  ClassExpression: ["a class"],
  NewExpression: ["new", "dates are made by toTimestamp(text)"],
  ThisExpression: ["this", "fields are named directly; the whole record is _"],
  Super: ["super"],
  SequenceExpression: ["a comma between expressions", "write one expression"],
  SpreadElement: ["a spread", "name the fields one by one"],
  TaggedTemplateExpression: ["a tagged template", "write a call: f(text)"],
  ImportExpression: ["import"],
  MetaProperty: ["import.meta or new.target"],
  AwaitExpression: ["await", "asynchronous work belongs in a stage of your own"],
  YieldExpression: ["yield"],
  PrivateIdentifier: ["a private name"],
};
const refusedOperators: Readonly<Record<string, string>> = {
  "**": "write pow(base, exponent)", in: "write has(value, name)", instanceof: "records are plain data", typeof: "write isNull(x), or declare a schema",
  void: "write null", delete: "an expression changes nothing", "~": "there are no bit operations", "&": "write && for a condition", "|": "write || for a condition",
  "^": "there are no bit operations", "<<": "there are no bit operations", ">>": "there are no bit operations", ">>>": "there are no bit operations",
};

/** Where nodes were read from: kept aside, since they are plain data. */
const places = new WeakMap<object, () => SourceLocation>();

/** The place that a node was read from; undefined where it is none, or was made otherwise. */
export function placeOfExpression(node: unknown): SourceLocation | undefined {
  return typeof node === "object" && node !== null ? places.get(node)?.() : undefined;
}

/** Reads the syntax of one text. */
export class SyntaxReader {
  readonly #text: string;
  readonly #locate: (offset: number) => SourceLocation;

  constructor(text: string, locate: (offset: number) => SourceLocation) {
    this.#text = text;
    this.#locate = locate;
  }

  expression(syntax: AnyNode): Expression {
    return this.#read(syntax, 1);
  }

  aggregate(syntax: AnyNode): AggregateCall {
    const node = unwrapped(syntax);
    if (node.type !== "CallExpression" || node.callee.type !== "Identifier") {
      throw this.#expected("the call of an aggregate", node, "write for example avg(delay), quantile(delay, 0.95) or count()");
    }
    return { kind: "aggregate", function: node.callee.name, arguments: node.arguments.map((argument) => this.#read(argument, 2)) };
  }

  /** The error at an offset of the text. */
  invalid(message: string, offset: number, hint?: string): StreamFlowError {
    const location = this.#locate(offset);
    const column = this.#text.slice(0, offset).length - this.#text.lastIndexOf("\n", offset - 1);
    return new StreamFlowError("SF_EXPRESSION_INVALID", `${message} (column ${column} of ${quote(this.#text)})`, { location, ...(hint === undefined ? {} : { hint }) });
  }

  tooDeep(): StreamFlowError {
    return this.invalid(`the expression is nested deeper than ${maxExpressionDepth} levels`, 0, "split it over several stages, or use has(list, value) in place of a long || chain");
  }

  /** Text behind the end of an expression, or where it makes no sense. */
  unexpected(offset: number): StreamFlowError {
    if (offset >= this.#text.trimEnd().length) return this.invalid("expected an expression, found the end of the text", Math.min(offset, this.#text.length), this.#text.trim() === "" ? "write for example delay > 0" : undefined);
    const found = this.#text.slice(offset).match(/^(?:[\w$]+|\S)/u)?.[0] ?? "";
    const rest = this.#text.slice(offset);
    const hint = /^and\b/i.test(rest) ? "write && for and" : /^or\b/i.test(rest) ? "write || for or" : /^=(?!=)/.test(rest) ? "compare with ==" : undefined;
    return this.invalid(`expected an operator or the end of the expression, found ${quote(found)}`, offset, hint);
  }

  syntaxError(error: SyntaxError & { readonly pos?: number }): StreamFlowError {
    const offset = error.pos ?? 0;
    // acorn meets an overflow of the stack itself, and says so in these words.
    if (error.message.startsWith("Not enough stack space")) return this.tooDeep();
    if (error.message.startsWith("Unexpected token")) return this.#token(offset);
    return this.invalid(error.message.replace(/ \(\d+:\d+\)$/, "").toLowerCase(), offset);
  }

  #token(offset: number): StreamFlowError {
    if (offset >= this.#text.trimEnd().length) return this.unexpected(offset);
    const found = this.#text.slice(offset).match(/^(?:[\w$]+|\S)/u)?.[0] ?? "";
    return this.invalid(`expected a value, found ${quote(found)}`, offset);
  }

  #read(syntax: AnyNode, depth: number): Expression {
    if (depth > maxExpressionDepth) throw this.tooDeep();
    const read = Object.hasOwn(this.#readers, syntax.type) ? this.#readers[syntax.type] : undefined;
    if (read === undefined) throw this.#refuse(syntax);
    const node = (read as Reader<AnyNode["type"]>)(syntax as never, depth);
    if (!places.has(node)) places.set(node, () => this.#locate(syntax.start));
    return node;
  }

  readonly #readers: { readonly [Type in AnyNode["type"]]?: Reader<Type> } = {
    ParenthesizedExpression: (node, depth) => this.#read(node.expression, depth),
    ChainExpression: (node, depth) => this.#read(node.expression, depth),
    Literal: (node) => this.#literal(node),
    Identifier: (node) => identifier(node.name),
    UnaryExpression: (node, depth) => this.#unary(node, depth),
    BinaryExpression: (node, depth) => this.#binary(node, depth),
    LogicalExpression: (node, depth) => this.#binary(node, depth),
    ConditionalExpression: (node, depth) => this.#conditional(node, depth),
    CallExpression: (node, depth) => this.#call(node, depth),
    MemberExpression: (node, depth) => this.#member(node, depth),
    TemplateLiteral: (node, depth) => this.#template(node, depth),
    ArrayExpression: (node, depth) => ({ kind: "list", items: node.elements.map((item) => (item === null ? this.#hole(node) : this.#read(item, depth + 1))) }),
    ObjectExpression: (node, depth) => this.#object(node, depth),
  };

  #literal(node: Syntax<"Literal">): Expression {
    const { value } = node;
    if (node.regex !== undefined && node.regex !== null) throw this.#expected("a value", node, "write matches(text, \"pattern\")", "a regular expression literal");
    if (typeof value === "bigint") {
      if (BigInt.asIntN(64, value) !== value) throw this.invalid(`${value}n is beyond int64`, node.start);
      return { kind: "literal", value };
    }
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") return { kind: "literal", value };
    throw this.#refuse(node);
  }

  #unary(node: Syntax<"UnaryExpression">, depth: number): Expression {
    const operator = unaryOperators.get(node.operator);
    if (operator === undefined) throw this.#operator(node.operator, node.start);
    const literal = operator === "-" && node.argument.type === "Literal" ? node.argument.value : undefined;
    if (typeof literal === "number") return { kind: "literal", value: -literal };
    // The least int64 is one further from 0 than the greatest.
    if (typeof literal === "bigint" && BigInt.asIntN(64, -literal) === -literal) return { kind: "literal", value: -literal };
    if (operator === "-" && node.argument.type === "Identifier" && node.argument.name === "Infinity") return { kind: "literal", value: Number.NEGATIVE_INFINITY };
    return { kind: "unary", operator, operand: this.#read(node.argument, depth + 1) };
  }

  #binary(node: Syntax<"BinaryExpression"> | Syntax<"LogicalExpression">, depth: number): Expression {
    const operator = binaryOperators.get(node.operator);
    if (operator === undefined) throw this.#operator(node.operator, node.left.end + Math.max(0, this.#text.slice(node.left.end).indexOf(node.operator)));
    return { kind: "binary", operator, left: this.#read(node.left, depth + 1), right: this.#read(node.right, depth + 1) };
  }

  #conditional(node: Syntax<"ConditionalExpression">, depth: number): Expression {
    const [test, consequent, alternate] = [node.test, node.consequent, node.alternate].map((part) => this.#read(part, depth + 1)) as [Expression, Expression, Expression];
    // oxlint-disable-next-line unicorn/no-thenable -- a member of the expression model; its value is data, never a function
    return { kind: "conditional", test, then: consequent, otherwise: alternate };
  }

  #call(node: Syntax<"CallExpression">, depth: number): Expression {
    const callee = unwrapped(node.callee);
    if (callee.type !== "Identifier") throw this.#expected("the name of a function", callee, callee.type === "MemberExpression" ? methodHint : undefined);
    return { kind: "call", function: callee.name, arguments: node.arguments.map((argument) => this.#read(argument, depth + 1)) };
  }

  #member(node: Syntax<"MemberExpression">, depth: number): Expression {
    const object = this.#read(node.object, depth + 1);
    if (!node.computed) {
      if (node.property.type !== "Identifier") throw this.#refuse(node.property);
      return memberOf(object, node.property.name);
    }
    const index = this.#read(node.property, depth + 1);
    return index.kind === "literal" && typeof index.value === "string" ? memberOf(object, index.value) : { kind: "index", object, index };
  }

  #template(node: Syntax<"TemplateLiteral">, depth: number): Expression {
    const parts: Expression[] = [];
    for (const [i, quasi] of node.quasis.entries()) {
      const text = quasi.value.cooked ?? "";
      if (text !== "") parts.push({ kind: "literal", value: text });
      const inserted = node.expressions[i];
      if (inserted !== undefined) parts.push(this.#read(inserted, depth + 1));
    }
    const [only] = parts;
    if (only === undefined) return { kind: "literal", value: "" };
    return parts.length === 1 && only.kind === "literal" ? only : { kind: "call", function: "concat", arguments: parts };
  }

  #object(node: Syntax<"ObjectExpression">, depth: number): Expression {
    const entries: (readonly [string, Expression])[] = [];
    for (const property of node.properties) {
      if (property.type !== "Property" || property.kind !== "init" || property.method || property.computed) throw this.#expected("name: value", property, "fields of an object are written name: value");
      const name = property.key.type === "Identifier" ? property.key.name : property.key.type === "Literal" ? String(property.key.value) : undefined;
      if (name === undefined) throw this.#refuse(property.key);
      if (entries.some(([known]) => known === name)) throw this.invalid(`the field ${quote(name)} is given twice`, property.start);
      entries.push([name, this.#read(property.value, depth + 1)]);
    }
    return { kind: "object", entries };
  }

  #hole(node: AnyNode): never {
    throw this.#expected("an item", node, "write null for a missing item", "nothing between two commas");
  }

  #operator(operator: string, offset: number): StreamFlowError {
    const near = operator.length > 1 ? nearest(operator, [...binaryOperators.keys()]) : undefined;
    const hint = (Object.hasOwn(refusedOperators, operator) ? refusedOperators[operator] : undefined) ?? (near === undefined ? undefined : `did you mean ${near}?`);
    return this.invalid(`the operator ${quote(operator)} is not part of expressions`, offset, hint);
  }

  #refuse(node: AnyNode): StreamFlowError {
    const [what, hint] = (Object.hasOwn(refused, node.type) ? refused[node.type] : undefined) ?? [node.type];
    return this.#expected("an expression", node, hint, what);
  }

  #expected(expected: string, node: AnyNode, hint?: string, found: string = quote(this.#text.slice(node.start, node.end))): StreamFlowError {
    return this.invalid(`expected ${expected}, found ${found}`, node.start, hint);
  }
}

function identifier(name: string): Expression {
  const value = constants.get(name);
  if (value !== undefined) return { kind: "literal", value };
  if (name === "undefined") return { kind: "literal", value: null };
  return { kind: "field", path: name === "_" ? [] : [name] };
}

function memberOf(object: Expression, name: string): Expression {
  return object.kind === "field" ? { kind: "field", path: [...object.path, name] } : { kind: "member", object, name };
}

function unwrapped(node: AnyNode): AnyNode {
  let inner = node;
  while (inner.type === "ParenthesizedExpression" || inner.type === "ChainExpression") inner = inner.expression;
  return inner;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
