// How the standard functions are written: null and wrong kinds of arguments are met here, once.
import type { ExpressionFunction } from "../../contracts/operator.ts";
import { StreamFlowError } from "../../errors.ts";
import type { DataType } from "../../schema.ts";
import { nullable } from "../../types/constructors.ts";
import { isScalar } from "../../types/conform.ts";
import { formatType } from "../../types/format-type.ts";
import { describeValue } from "../../types/value-path.ts";
import { failed } from "../expression-runtime.ts";

type ParameterType = DataType | readonly DataType[];

/** A function as it is written down. */
export interface FunctionDefinition {
  readonly name: string;
  readonly summary: string;
  /** A name that ends with "?" is optional. */
  readonly parameters: Readonly<Record<string, ParameterType>>;
  readonly variadic?: boolean;
  /** The result where no argument is null. */
  readonly result: DataType | ((arguments_: readonly (DataType | undefined)[]) => DataType | undefined);
  /** `propagate`: null where any argument is null, and `evaluate` never sees one; `own`: `evaluate` and `result` know what to do. @defaultValue "propagate" */
  readonly nulls?: "propagate" | "own";
  readonly same?: ExpressionFunction["same"];
  readonly check?: (literals: readonly unknown[]) => void;
  readonly example: string;
  readonly evaluate: (...arguments_: never[]) => unknown;
}

/** Makes an expression function. Arguments of the wrong kind, possible where types are not known, fail with SF_EXPRESSION_FAILED. */
export function defineFunction(definition: FunctionDefinition): ExpressionFunction {
  const { name, summary, example, result } = definition;
  const parameters = Object.entries(definition.parameters).map(([written, type]) => (written.endsWith("?") ? { name: written.slice(0, -1), type, optional: true } : { name: written, type }));
  const propagates = definition.nulls !== "own";
  return {
    name,
    summary,
    parameters,
    ...(definition.variadic === true ? { variadic: true } : {}),
    ...(definition.same === undefined ? {} : { same: definition.same }),
    ...(definition.check === undefined ? {} : { check: definition.check }),
    pure: true,
    example,
    result: (arguments_) => {
      const type = typeof result === "function" ? result(arguments_) : result;
      const mayBeNull = propagates && arguments_.some((argument) => argument === undefined || argument.nullable === true);
      return type !== undefined && mayBeNull ? nullable(type) : type;
    },
    evaluate: propagates ? propagating(name, parameters, definition.evaluate as (...arguments_: unknown[]) => unknown) : (definition.evaluate as (...arguments_: unknown[]) => unknown),
  };
}

type Parameter = ExpressionFunction["parameters"][number];

function propagating(name: string, parameters: readonly Parameter[], evaluate: (...arguments_: unknown[]) => unknown): (...arguments_: unknown[]) => unknown {
  const [first, second] = parameters;
  if (parameters.length === 1 && first !== undefined) {
    return (a, ...more) => {
      if (more.length > 0) return evaluateAll(name, parameters, evaluate, [a, ...more]);
      if (a === null || a === undefined) return null;
      return evaluate(checked(name, first, a));
    };
  }
  if (parameters.length === 2 && first !== undefined && second !== undefined && second.optional !== true) {
    return (a, b) => {
      if (a === null || a === undefined || b === null || b === undefined) return null;
      return evaluate(checked(name, first, a), checked(name, second, b));
    };
  }
  return (...arguments_) => evaluateAll(name, parameters, evaluate, arguments_);
}

function evaluateAll(name: string, parameters: readonly Parameter[], evaluate: (...arguments_: unknown[]) => unknown, arguments_: readonly unknown[]): unknown {
  const last = parameters.at(-1);
  for (const [i, argument] of arguments_.entries()) {
    if (argument === null || argument === undefined) return null;
    const parameter = parameters[i] ?? last;
    if (parameter !== undefined) checked(name, parameter, argument);
  }
  return evaluate(...arguments_);
}

function checked(name: string, parameter: Parameter, value: unknown): unknown {
  const { type } = parameter;
  const fits = Array.isArray(type) ? type.some((one: DataType) => isOfKind(value, one)) : isOfKind(value, type as DataType);
  if (fits) return value;
  const expected = Array.isArray(type) ? type.map((one: DataType) => formatType(one)).join(" or ") : formatType(type as DataType);
  throw failed(`${name}: "${parameter.name}" must be ${expected}, got ${describeValue(value)}`);
}

function isOfKind(value: unknown, type: DataType): boolean {
  // Where types are not known, any text that reads as a decimal may be one.
  return type.type === "decimal" ? typeof value === "string" : isScalar(value, type);
}

/** The error of a literal argument that never works. */
export function badLiteral(message: string, hint?: string): StreamFlowError {
  return new StreamFlowError("SF_EXPRESSION_INVALID", message, hint === undefined ? {} : { hint });
}

/** Types that functions are declared with. */
export const kinds: Readonly<Record<"bool" | "int32" | "int64" | "float64" | "string" | "bytes" | "timestamp" | "decimal" | "any" | "list" | "map" | "struct", DataType>> = {
  bool: { type: "bool" },
  int32: { type: "int32" },
  int64: { type: "int64" },
  float64: { type: "float64" },
  string: { type: "string" },
  bytes: { type: "bytes" },
  timestamp: { type: "timestamp" },
  decimal: { type: "decimal", precision: 38, scale: 0 },
  any: { type: "any", nullable: true },
  list: { type: "list", element: { type: "any", nullable: true } },
  map: { type: "map", key: { type: "any" }, value: { type: "any", nullable: true } },
  struct: { type: "struct", fields: [] },
};
