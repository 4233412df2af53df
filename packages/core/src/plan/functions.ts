// The functions that every expression may call.
import type { ExpressionFunction } from "../contracts/operator.ts";
import { formatSignature } from "./call-check.ts";
import { conversionFunctions } from "./functions/conversion-functions.ts";
import { numberFunctions } from "./functions/number-functions.ts";
import { stringFunctions } from "./functions/string-functions.ts";
import { timeFunctions } from "./functions/time-functions.ts";
import { valueFunctions } from "./functions/value-functions.ts";

/** The standard functions. All are pure; unless its summary says otherwise, a function answers null where any argument is null. */
export const standardFunctions: readonly ExpressionFunction[] = [...stringFunctions, ...numberFunctions, ...conversionFunctions, ...timeFunctions, ...valueFunctions];

/** Functions as a Markdown table: signature, summary, example. */
export function describeFunctions(functions: readonly ExpressionFunction[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = functions.map((fn) => `| \`${cell(formatSignature(fn))}\` | ${cell(fn.summary)} | \`${cell(fn.example.replace(" // => ", " → "))}\` |`);
  return ["| Function | Answers | Example |", "| --- | --- | --- |", ...rows].join("\n");
}
