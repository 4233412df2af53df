// Expression functions by name, as a table that is passed.
import type { ExpressionFunction, FunctionTable } from "../contracts/operator.ts";
import { standardFunctions } from "./functions.ts";

/** A table of functions; later ones replace earlier ones of the same name. */
export function functionTable(functions: readonly ExpressionFunction[]): FunctionTable {
  const byName = new Map(functions.map((fn) => [fn.name, fn]));
  const names = [...byName.keys()].sort();
  return { get: (name) => byName.get(name), names: () => names };
}

/** The functions of docs/expressions.md. */
export const standardFunctionTable: FunctionTable = functionTable(standardFunctions);
