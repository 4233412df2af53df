// What stages compute from records: expressions compiled, functions as they are.
import type { Projection } from "../contracts/codec.ts";
import type { FunctionTable } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import type { DataType, Schema } from "../schema.ts";
import { describeValue } from "../types/value-path.ts";
import { compileExpression } from "./expression-compile.ts";
import { type Compute, isExpression } from "./expression.ts";

/** A compiled computation. */
export interface CompiledCompute {
  /** undefined: unknown until run time; always so for a function. */
  readonly type: DataType | undefined;
  /** What it reads: everything for a function, for nobody can say what it reads. */
  readonly fields: Projection;
  readonly isExpression: boolean;
  /** Whether equal records give equal results. A function is taken at its word: true. */
  readonly isPure: boolean;
  readonly evaluate: (record: unknown) => unknown;
}

/**
 * Compiles what a stage computes.
 *
 * @throws {@link StreamFlowError} SF_EXPRESSION_INVALID for an expression that cannot work, or for anything that is neither an expression nor a function.
 */
export function compileCompute(compute: Compute, schema: Schema | undefined, functions: FunctionTable): CompiledCompute {
  if (typeof compute === "function") return { type: undefined, fields: "all", isExpression: false, isPure: true, evaluate: compute as (record: unknown) => unknown };
  if (isExpression(compute)) return { isExpression: true, ...compileExpression(compute, { schema, functions }) };
  throw new StreamFlowError("SF_EXPRESSION_INVALID", `an expression or a function is expected, got ${describeValue(compute)}`);
}
