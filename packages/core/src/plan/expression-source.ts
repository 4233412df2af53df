// Expressions as JavaScript source text: what generated code holds. The same results as the closures of expression-closure.ts.
//   S1. Nothing of an expression reaches the text but numbers, and names and texts quoted by JSON.stringify.
//   S2. Everything that is not an operator of JavaScript is a call of a bound function.
import type { CodeScope, TextCode } from "../contracts/operator-code.ts";
import type { Checked, CheckedOf } from "./checked-expression.ts";
import { checkExpression, type ExpressionContext } from "./expression-check.ts";
import type { Expression } from "./expression.ts";
import * as runtime from "./expression-runtime.ts";
import { isUnknown } from "./operator-types.ts";
import { textEquals } from "./text-equality.ts";

/** Names that the text of one generated function uses: values bound from outside, and temporaries to declare in it. */
export class SourceScope implements CodeScope {
  readonly #names = new Map<unknown, string>();
  readonly #bindings: [name: string, value: unknown][] = [];
  #temporaries = 0;

  /** The name of a value in the generated function: a parameter around it. */
  bind(value: unknown): string {
    const known = this.#names.get(value);
    if (known !== undefined) return known;
    const name = `$${this.#bindings.length}`;
    this.#names.set(value, name);
    this.#bindings.push([name, value]);
    return name;
  }

  /** A new local variable. */
  temporary(): string {
    return `t${this.#temporaries++}`;
  }

  /** Names and values to bind, in order. */
  get bindings(): readonly (readonly [name: string, value: unknown])[] {
    return this.#bindings;
  }

  /** The statement that declares the temporaries; "" where there are none. */
  get declarations(): string {
    return this.#temporaries === 0 ? "" : `let ${Array.from({ length: this.#temporaries }, (_, i) => `t${i}`).join(", ")};`;
  }
}

/** What `toSource` needs besides the expression. */
export interface SourceOptions extends ExpressionContext {
  /** Shared by all expressions of one generated function. */
  readonly scope: CodeScope;
  /** Text for a field of the record, null where it is missing, in place of reading it from the record variable. */
  readonly field?: (name: string) => string | undefined;
  /** Whether the value of such a text is never undefined. @defaultValue false for all */
  readonly isDefined?: (text: string) => boolean;
  /** The bytes of such a text, where it would make a string of them. @defaultValue none for all */
  readonly textOf?: (text: string) => TextCode | undefined;
  /** As a condition: answers true or false, null counting as false. @defaultValue false */
  readonly asCondition?: boolean;
}

/**
 * Writes an expression as one JavaScript expression over the variable that holds the record.
 *
 * @throws {@link StreamFlowError} SF_EXPRESSION_INVALID, as `expressionType` does.
 */
export function toSource(expression: Expression, recordVariable: string, options: SourceOptions): string {
  return sourceOf(checkExpression(expression, options), recordVariable, options);
}

/** {@link toSource} for a resolved expression. */
export function sourceOf(checked: Checked, recordVariable: string, options: Omit<SourceOptions, keyof ExpressionContext>): string {
  const emitter = new Emitter(recordVariable, options);
  const text = options.asCondition === true ? emitter.truth(checked) : emitter.value(checked);
  return emitter.withRecord(text);
}

class Emitter {
  readonly #record: string;
  readonly #scope: CodeScope;
  readonly #field: (name: string) => string | undefined;
  readonly #isDefined: (text: string) => boolean;
  readonly #textOf: (text: string) => TextCode | undefined;
  #own: string | undefined;

  constructor(record: string, { scope, field = () => undefined, isDefined = () => false, textOf = () => undefined }: Omit<SourceOptions, keyof ExpressionContext>) {
    this.#record = record;
    this.#scope = scope;
    this.#field = field;
    this.#isDefined = isDefined;
    this.#textOf = textOf;
  }

  /** Puts what makes the record safe to read in front of a text that reads it. */
  withRecord(text: string): string {
    if (this.#own === undefined) return text;
    const r = this.#record;
    const prototype = this.#scope.bind(Object.prototype);
    return `(${this.#own} = ${r} !== null && typeof ${r} === "object" && ${r}.__proto__ === ${prototype} ? ${r} : ${this.#call(runtime.ownRecord, r)}, ${text})`;
  }

  /** Text whose value is never undefined. */
  value(node: Checked): string {
    switch (node.op) {
      case "member":
      case "record": return this.#orNull(this.raw(node));
      case "plus": return isUnknown(node.type) ? this.#call(runtime.plus, this.value(node.operand)) : this.value(node.operand);
      case "not": return `!${this.truth(node.operand)}`;
      case "default": return `(${this.raw(node.left)} ?? ${this.value(node.right)})`;
      case "conditional": return `(${this.truth(node.test)} ? ${this.value(node.consequent)} : ${this.value(node.alternate)})`;
      case "call": return `(${this.#call(node.function.evaluate, ...node.arguments.map((argument) => this.value(argument)))} ?? null)`;
      case "list": return `[${node.items.map((item) => this.value(item)).join(", ")}]`;
      case "object": return `({ ${node.entries.map(([name, value]) => `[${quoted(name)}]: ${this.value(value)}`).join(", ")} })`;
      default: return this.#computed(node);
    }
  }

  #orNull(text: string): string {
    return this.#isDefined(text) ? text : `(${text} ?? null)`;
  }

  /** Text whose value is undefined where a field is missing. */
  raw(node: Checked): string {
    if (node.op === "record") return this.#record;
    if (node.op !== "member") return this.value(node);
    const known = node.mode === "record" ? this.#field(node.name) : undefined;
    if (known !== undefined) return known;
    const isPlain = (node.mode === "record" || node.mode === "struct") && !runtime.isInherited(node.name);
    if (node.mode === "record") return isPlain ? `${this.#ownRecord()}[${quoted(node.name)}]` : this.#call(runtime.member, this.#ownRecord(), quoted(node.name));
    return isPlain ? `${this.raw(node.object)}?.[${quoted(node.name)}]` : this.#call(runtime.member, this.raw(node.object), quoted(node.name));
  }

  /** Text whose value is true or false. */
  truth(node: Checked): string {
    if (node.op === "not" || node.op === "equal" || node.op === "isNull" || node.op === "order" || node.op === "logic") return this.value(node);
    return isUnknown(node.type) ? this.#call(runtime.truth, this.raw(node)) : `(${this.raw(node)} === true)`;
  }

  #computed(node: CheckedOf<"constant" | "index" | "negate" | "arithmetic" | "order" | "equal" | "isNull" | "logic">): string {
    switch (node.op) {
      case "constant": return constant(node.value);
      case "index": return this.#call({ list: runtime.item, map: runtime.entry, dynamic: runtime.indexed }[node.mode], this.raw(node.object), this.value(node.index));
      case "negate": return this.#negate(node);
      case "arithmetic": return this.#arithmetic(node);
      case "order": return this.#order(node);
      case "equal": return `${node.negated ? "!" : ""}${this.#equality(node)}`;
      case "isNull": return `(${this.raw(node.operand)} ${node.negated ? "!=" : "=="} null)`;
      case "logic": return `(${this.truth(node.left)} ${node.operator} ${this.truth(node.right)})`;
    }
  }

  #negate(node: CheckedOf<"negate">): string {
    if (node.mode === "decimal") return this.#call(runtime.decimal, `"-"`, "0", this.value(node.operand));
    if (node.mode !== "plain") return this.#call(runtime.negate, this.value(node.operand));
    const [guard, operand] = this.#guarded(node.operand, "==");
    return guard === undefined ? `(-${operand})` : `(${guard} ? null : -${operand})`;
  }

  #arithmetic(node: CheckedOf<"arithmetic">): string {
    if (node.mode !== "plain") {
      const helper = { exact: runtime.exact, decimal: runtime.decimal, instant: runtime.instant }[node.mode];
      return this.#call(helper, quoted(node.operator), this.value(node.left), this.value(node.right));
    }
    const [leftGuard, left] = this.#guarded(node.left, "==");
    const [rightGuard, right] = this.#guarded(node.right, "==");
    const guards = [leftGuard, rightGuard].filter((guard) => guard !== undefined);
    const text = `${left} ${node.operator} ${right}`;
    return guards.length === 0 ? `(${text})` : `(${guards.join(" || ")} ? null : ${text})`;
  }

  #order(node: CheckedOf<"order">): string {
    const { operator, left, right } = node;
    if (node.mode === "decimal") return `(${this.#call(runtime.decimalOrder, this.value(left), this.value(right))} ${operator} 0)`;
    if (node.mode === "plain") {
      const [leftGuard, leftText] = left.nullable ? this.#guarded(left, "!=") : [undefined, this.raw(left)];
      const [rightGuard, rightText] = right.nullable ? this.#guarded(right, "!=") : [undefined, this.raw(right)];
      return `(${[leftGuard, rightGuard, `${leftText} ${operator} ${rightText}`].filter((part) => part !== undefined).join(" && ")})`;
    }
    if (!isPlainNumber(right)) return `(${this.#call(runtime.order, this.value(left), this.value(right))} ${operator} 0)`;
    const t = this.#scope.temporary();
    const number = constant(right.value);
    return `(typeof (${t} = ${this.raw(left)}) === "number" ? ${t} ${operator} ${number} : ${this.#call(runtime.order, t, number)} ${operator} 0)`;
  }

  #equality(node: CheckedOf<"equal">): string {
    const [left, right] = node.left.op === "constant" ? [node.right, node.left] : [node.left, node.right];
    if (isStrict(node, right)) return this.#strictly(this.raw(left), right);
    if (node.mode === "deep" && isPlainNumber(right)) {
      const t = this.#scope.temporary();
      return `(typeof (${t} = ${this.raw(left)}) === "number" ? ${t} === ${constant(right.value)} : ${this.#call(runtime.equal, t, constant(right.value))})`;
    }
    const a = this.value(left);
    const b = this.value(right);
    if (node.mode === "strict") return `(${a} === ${b})`;
    if (node.mode === "numeric") return `(${a} == ${b})`;
    if (node.mode === "decimal") return this.#call(runtime.decimalEqual, a, b);
    return this.#call(runtime.equal, a, b, ...(isUnknown(left.type) ? [] : [this.#scope.bind(left.type)]));
  }

  #strictly(text: string, right: Checked): string {
    const equal = `(${text} === ${this.value(right)})`;
    const literal = right.op === "constant" && typeof right.value === "string" ? right.value : undefined;
    const bytes = this.#textOf(text);
    return literal === undefined || bytes === undefined ? equal : textEquals(bytes, literal, equal) ?? equal;
  }

  /** A guard that also puts the operand into a variable, where it may be null; and the operand. */
  #guarded(node: Checked, test: "==" | "!="): readonly [guard: string | undefined, operand: string] {
    if (!node.nullable) return [undefined, this.value(node)];
    const t = this.#scope.temporary();
    return [`(${t} = ${this.raw(node)}) ${test} null`, t];
  }

  #ownRecord(): string {
    this.#own ??= this.#scope.temporary();
    return this.#own;
  }

  #call(fn: unknown, ...arguments_: readonly string[]): string {
    return `${this.#scope.bind(fn)}(${arguments_.join(", ")})`;
  }
}

/** Whether `===` with this operand is equality by the type table, also where the other one is missing. */
export function isStrict(node: CheckedOf<"equal">, right: Checked): boolean {
  if (right.op !== "constant" || right.value === null || Number.isNaN(right.value)) return false;
  if (node.mode === "strict" || node.mode === "float") return true;
  return node.mode === "deep" && (typeof right.value === "string" || typeof right.value === "boolean");
}

/** Whether a node is a number literal other than NaN. */
export function isPlainNumber(node: Checked): node is CheckedOf<"constant"> & { readonly value: number } {
  return node.op === "constant" && typeof node.value === "number" && !Number.isNaN(node.value);
}

function constant(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "bigint") return value < 0n ? `(${value}n)` : `${value}n`;
  if (typeof value !== "number") return String(value);
  return Object.is(value, -0) ? "(-0)" : value < 0 ? `(${value})` : String(value);
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
