// The functions that every expression may call.
import type { ExpressionFunction, FunctionTable } from "../contracts/operator.ts";
import { formatSignature } from "./call-check.ts";
import { conversionFunctions } from "./functions/conversion-functions.ts";
import { numberFunctions } from "./functions/number-functions.ts";
import { stringFunctions } from "./functions/string-functions.ts";
import { timeFunctions } from "./functions/time-functions.ts";
import { valueFunctions } from "./functions/value-functions.ts";

/** The standard functions. All are pure; unless its summary says otherwise, a function answers null where any argument is null. */
export const standardFunctions: readonly ExpressionFunction[] = [...stringFunctions, ...numberFunctions, ...conversionFunctions, ...timeFunctions, ...valueFunctions];

/** Makes a table of functions. A later function takes the place of an earlier one of the same name. */
export function functionTable(functions: readonly ExpressionFunction[]): FunctionTable {
  const byName = new Map(functions.map((fn) => [fn.name, fn]));
  const names = [...byName.keys()].sort();
  return { get: (name) => byName.get(name), names: () => names };
}

/** The standard functions by name. */
export const standardFunctionTable: FunctionTable = functionTable(standardFunctions);

/** Functions as a Markdown table: signature, summary, example. */
export function describeFunctions(functions: readonly ExpressionFunction[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = functions.map((fn) => `| \`${cell(formatSignature(fn))}\` | ${cell(fn.summary)} | \`${cell(fn.example.replace(" // => ", " → "))}\` |`);
  return ["| Function | Answers | Example |", "| --- | --- | --- |", ...rows].join("\n");
}
