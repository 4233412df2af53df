// Expression functions by name, as a table that is passed.
import type { ExpressionFunction, FunctionTable } from "../contracts/operator.ts";

/** A table of functions; later ones replace earlier ones of the same name. */
export function functionTable(functions: readonly ExpressionFunction[]): FunctionTable {
  const byName = new Map(functions.map((fn) => [fn.name, fn]));
  return { get: (name) => byName.get(name), names: () => [...byName.keys()].sort() };
}

/** The functions of docs/expressions.md. */
export const standardFunctionTable: FunctionTable = functionTable([]);
