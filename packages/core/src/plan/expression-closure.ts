// Expressions as closures: for hosts where code may not be generated from strings. The same results as expression-source.ts.
import type { Checked, CheckedOf, OrderOperator } from "./checked-expression.ts";
import { isPlainNumber, isStrict } from "./expression-source.ts";
import * as runtime from "./expression-runtime.ts";
import { isUnknown } from "./operator-types.ts";

type Own = Readonly<Record<string, unknown>>;
/** Gets the record with own properties only, and the record as it came. */
type Node = (own: Own, record: unknown) => unknown;
type Test = (own: Own, record: unknown) => boolean;

/** Compiles a resolved expression to a closure. */
export function closureOf(checked: Checked): (record: unknown) => unknown {
  const root = value(checked);
  return (record) => root(ownOf(record), record);
}

function ownOf(record: unknown): Own {
  return typeof record === "object" && record !== null && Object.getPrototypeOf(record) === Object.prototype ? (record as Own) : runtime.ownRecord(record);
}

function value(node: Checked): Node {
  switch (node.op) {
    case "constant": {
      const constant = node.value;
      return () => constant;
    }
    case "record": return (_, record) => record ?? null;
    case "member": return memberNode(node);
    case "index": return indexNode(node);
    case "plus": {
      const operand = value(node.operand);
      return isUnknown(node.type) ? (o, r) => runtime.plus(operand(o, r)) : operand;
    }
    case "negate": return negateNode(node);
    case "arithmetic": return arithmeticNode(node);
    case "default": {
      const [left, right] = [value(node.left), value(node.right)];
      return (o, r) => left(o, r) ?? right(o, r);
    }
    case "conditional": {
      const [condition, consequent, alternate] = [truth(node.test), value(node.consequent), value(node.alternate)];
      return (o, r) => (condition(o, r) ? consequent(o, r) : alternate(o, r));
    }
    case "call": return callNode(node);
    case "list": {
      const items = node.items.map(value);
      return (o, r) => items.map((item) => item(o, r));
    }
    case "object": {
      const entries = node.entries.map(([name, member]) => [name, value(member)] as const);
      return (o, r) => Object.fromEntries(entries.map(([name, member]) => [name, member(o, r)]));
    }
    default: return test(node);
  }
}

function memberNode(node: CheckedOf<"member">): Node {
  const { name, mode } = node;
  const isInherited = runtime.isInherited(name);
  if (mode === "record") return isInherited ? (o) => runtime.member(o, name) : (o) => o[name] ?? null;
  const object = value(node.object);
  if (mode !== "struct" || isInherited) return (o, r) => runtime.member(object(o, r), name);
  return (o, r) => (object(o, r) as Own | null)?.[name] ?? null;
}

function indexNode(node: CheckedOf<"index">): Node {
  const [object, index] = [value(node.object), value(node.index)];
  const read = { list: runtime.item, map: runtime.entry, dynamic: runtime.indexed }[node.mode];
  return (o, r) => read(object(o, r), index(o, r));
}

function negateNode(node: CheckedOf<"negate">): Node {
  const operand = value(node.operand);
  if (node.mode === "decimal") return (o, r) => runtime.decimal("-", 0, operand(o, r));
  return (o, r) => runtime.negate(operand(o, r));
}

function arithmeticNode(node: CheckedOf<"arithmetic">): Node {
  const { operator, mode } = node;
  const [left, right] = [value(node.left), value(node.right)];
  if (mode !== "plain") {
    const compute = { exact: runtime.exact, decimal: runtime.decimal, instant: runtime.instant }[mode];
    return (o, r) => compute(operator, left(o, r), right(o, r));
  }
  const compute = operators[operator];
  return (o, r) => {
    const a = left(o, r);
    if (a === null) return null;
    const b = right(o, r);
    return b === null ? null : compute(a as never, b as never);
  };
}

const operators = {
  "+": (a: number, b: number): number => a + b,
  "-": (a: number, b: number): number => a - b,
  "*": (a: number, b: number): number => a * b,
  "/": (a: number, b: number): number => a / b,
  "%": (a: number, b: number): number => a % b,
} as const;

function callNode(node: CheckedOf<"call">): Node {
  const { evaluate } = node.function;
  const arguments_ = node.arguments.map(value);
  const [first, second] = arguments_;
  if (arguments_.length === 1 && first !== undefined) return (o, r) => evaluate(first(o, r)) ?? null;
  if (arguments_.length === 2 && first !== undefined && second !== undefined) return (o, r) => evaluate(first(o, r), second(o, r)) ?? null;
  return (o, r) => evaluate(...arguments_.map((argument) => argument(o, r))) ?? null;
}

function truth(node: Checked): Test {
  if (node.op === "not" || node.op === "equal" || node.op === "isNull" || node.op === "order" || node.op === "logic") return test(node);
  const operand = value(node);
  return isUnknown(node.type) ? (o, r) => runtime.truth(operand(o, r)) : (o, r) => operand(o, r) === true;
}

function test(node: CheckedOf<"not" | "equal" | "isNull" | "order" | "logic">): Test {
  switch (node.op) {
    case "not": {
      const operand = truth(node.operand);
      return (o, r) => !operand(o, r);
    }
    case "isNull": {
      const { negated } = node;
      const operand = value(node.operand);
      return (o, r) => (operand(o, r) === null) !== negated;
    }
    case "logic": {
      const [left, right] = [truth(node.left), truth(node.right)];
      return node.operator === "&&" ? (o, r) => left(o, r) && right(o, r) : (o, r) => left(o, r) || right(o, r);
    }
    case "equal": return equalTest(node);
    case "order": return orderTest(node);
  }
}

function equalTest(node: CheckedOf<"equal">): Test {
  const { negated } = node;
  const [a, b] = node.left.op === "constant" ? [node.right, node.left] : [node.left, node.right];
  const left = value(a);
  if (b.op === "constant" && isStrict(node, b)) {
    const constant = b.value;
    return (o, r) => (left(o, r) === constant) !== negated;
  }
  const right = value(b);
  const { type } = a;
  switch (node.mode) {
    case "strict": return (o, r) => (left(o, r) === right(o, r)) !== negated;
    case "decimal": return (o, r) => runtime.decimalEqual(left(o, r), right(o, r)) !== negated;
    default: return (o, r) => runtime.equal(left(o, r), right(o, r), type) !== negated;
  }
}

function orderTest(node: CheckedOf<"order">): Test {
  const { operator } = node;
  const compare = comparisons[operator];
  const [left, right] = [value(node.left), value(node.right)];
  if (node.mode === "decimal") return (o, r) => compare(runtime.decimalOrder(left(o, r), right(o, r)), 0);
  if (node.mode !== "plain") return dynamicOrder(node, left, right);
  if (isPlainNumber(node.right)) return numberOrder(operator, left, node.right.value);
  return (o, r) => {
    const a = left(o, r);
    if (a === null) return false;
    const b = right(o, r);
    return b !== null && compare(a as never, b as never);
  };
}

function dynamicOrder(node: CheckedOf<"order">, left: Node, right: Node): Test {
  const compare = comparisons[node.operator];
  if (!isPlainNumber(node.right)) return (o, r) => compare(runtime.order(left(o, r), right(o, r)), 0);
  const constant = node.right.value;
  return (o, r) => {
    const a = left(o, r);
    return typeof a === "number" ? compare(a, constant) : compare(runtime.order(a, constant), 0);
  };
}

/** The most frequent comparison, without a second call. */
function numberOrder(operator: OrderOperator, left: Node, constant: number): Test {
  switch (operator) {
    case "<": return (o, r) => { const a = left(o, r); return a !== null && (a as number) < constant; };
    case "<=": return (o, r) => { const a = left(o, r); return a !== null && (a as number) <= constant; };
    case ">": return (o, r) => { const a = left(o, r); return a !== null && (a as number) > constant; };
    case ">=": return (o, r) => { const a = left(o, r); return a !== null && (a as number) >= constant; };
  }
}

const comparisons = {
  "<": (a: number, b: number): boolean => a < b,
  "<=": (a: number, b: number): boolean => a <= b,
  ">": (a: number, b: number): boolean => a > b,
  ">=": (a: number, b: number): boolean => a >= b,
} as const;
