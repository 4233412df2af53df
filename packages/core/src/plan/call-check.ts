// Calls of functions in expressions: known, with fitting arguments.
import type { ExpressionFunction, FunctionTable } from "../contracts/operator.ts";
import { StreamFlowError, toStreamFlowError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { DataType } from "../schema.ts";
import { nullable } from "../types/constructors.ts";
import { formatType } from "../types/format-type.ts";
import type { Checked } from "./checked-expression.ts";
import type { Expression } from "./expression.ts";
import { adapt } from "./literal-types.ts";
import { accepts, isUnknown } from "./operator-types.ts";

/** Resolves a call. */
export function checkCall(node: Extract<Expression, { kind: "call" }>, found: readonly Checked[], functions: FunctionTable): Checked {
  const fn = functions.get(node.function);
  if (fn === undefined) throw unknownFunction(node.function, functions);
  checkCount(fn, found.length);
  const beside = found.find((argument) => argument.op !== "constant")?.type;
  const arguments_ = found.map((argument, i) => checkArgument(fn, adaptToOthers(fn, argument, beside), i));
  const type = guarded(fn, () => fn.result(arguments_.map((argument) => argumentType(argument))));
  guarded(fn, () => fn.check?.(arguments_.map((argument) => (argument.op === "constant" ? argument.value : undefined))));
  const result = { type: isUnknown(type) ? undefined : type, nullable: type === undefined || type.nullable === true };
  const [operand] = arguments_;
  if (operand?.type !== undefined && fn.same?.includes(operand.type.type) === true) return { op: "plus", operand, ...result };
  return { op: "call", function: fn, arguments: arguments_, ...result };
}

/** How a function is called, as text: `substring(text: string, start: float64, end?: float64) -> …`. */
export function formatSignature(fn: ExpressionFunction): string {
  const parameters = fn.parameters.map((parameter, i) => {
    const repeated = fn.variadic === true && i === fn.parameters.length - 1;
    return `${repeated ? "..." : ""}${parameter.name}${parameter.optional === true ? "?" : ""}: ${parameterText(parameter.type)}`;
  });
  return `${fn.name}(${parameters.join(", ")})`;
}

function parameterText(type: DataType | readonly DataType[]): string {
  return Array.isArray(type) ? type.map((one) => kindText(one as DataType)).join(" | ") : kindText(type as DataType);
}

/** A parameter takes every decimal, list, map or struct, whatever its parts. */
function kindText(type: DataType): string {
  return type.type === "decimal" || type.type === "list" || type.type === "map" || type.type === "struct" || type.type === "any" ? type.type : formatType(type);
}

function argumentType(argument: Checked): DataType | undefined {
  return argument.type !== undefined && argument.nullable ? nullable(argument.type) : argument.type;
}

function unknownFunction(name: string, functions: FunctionTable): StreamFlowError {
  const near = nearest(name, functions.names());
  const hint = near === undefined ? `the functions are ${functions.names().join(", ") || "none"}` : `did you mean "${near}"?`;
  return new StreamFlowError("SF_EXPRESSION_INVALID", `there is no function "${name}"`, { hint });
}

function checkCount(fn: ExpressionFunction, count: number): void {
  const required = fn.parameters.filter((parameter) => parameter.optional !== true).length;
  const most = fn.variadic === true ? Infinity : fn.parameters.length;
  if (count >= required && count <= most) return;
  const expected = most === Infinity ? `at least ${required}` : required === most ? `${required}` : `${required} to ${most}`;
  throw new StreamFlowError("SF_EXPRESSION_INVALID", `${fn.name} takes ${expected} ${expected === "1" ? "argument" : "arguments"}, got ${count}`, { hint: formatSignature(fn) });
}

function checkArgument(fn: ExpressionFunction, argument: Checked, index: number): Checked {
  const parameter = fn.parameters[Math.min(index, fn.parameters.length - 1)];
  if (parameter === undefined) return argument;
  const only = Array.isArray(parameter.type) ? undefined : (parameter.type as DataType);
  const adapted = adapt(argument, only);
  if (accepts(parameter.type, adapted.type)) return adapted;
  throw new StreamFlowError("SF_EXPRESSION_INVALID", `${fn.name}: "${parameter.name}" must be ${parameterText(parameter.type)}, got ${formatType(adapted.type)}`, { hint: formatSignature(fn) });
}

/** Where several types are taken, a number literal takes the one of the first argument that is none: `max(count, 0)`. */
function adaptToOthers(fn: ExpressionFunction, argument: Checked, beside: DataType | undefined): Checked {
  return fn.parameters.some((parameter) => Array.isArray(parameter.type)) || fn.variadic === true ? adapt(argument, beside) : argument;
}

function guarded<T>(fn: ExpressionFunction, run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    const error = toStreamFlowError(thrown, "SF_EXPRESSION_INVALID", fn.name);
    throw new StreamFlowError("SF_EXPRESSION_INVALID", error.message.startsWith(fn.name) ? error.message : `${fn.name}: ${error.message}`, { cause: error, hint: error.hint ?? formatSignature(fn) });
  }
}
