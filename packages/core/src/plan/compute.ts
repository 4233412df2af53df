// What stages compute from records: expressions compiled, functions as they are.
import type { Projection } from "../contracts/codec.ts";
import type { FunctionTable } from "../contracts/operator.ts";
import type { RecordCode, TaskCode, TextScope } from "../contracts/operator-code.ts";
import { StreamFlowError } from "../errors.ts";
import type { DataType, Schema } from "../schema.ts";
import { describeValue } from "../types/value-path.ts";
import { compiledOnce } from "./compiled-once.ts";
import { type Compute, isExpression } from "./expression.ts";
import { factsOf, type FunctionFacts } from "./function-source.ts";

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
  /** As text for generated code. What it throws goes through `explain`. */
  readonly code: (record: RecordCode, scope: TextScope) => string;
  /** What the text of a function proves. */
  readonly facts?: () => FunctionFacts | undefined;
  /** What `evaluate` would have thrown. */
  readonly explain: (thrown: unknown) => unknown;
}

/**
 * Compiles what a stage computes.
 *
 * @throws {@link StreamFlowError} SF_EXPRESSION_INVALID for an expression that cannot work, or for anything that is neither an expression nor a function.
 */
export function compileCompute(compute: Compute, schema: Schema | undefined, functions: FunctionTable): CompiledCompute {
  if (typeof compute === "function") return compiledFunction(compute as (record: unknown) => unknown);
  if (isExpression(compute)) return { isExpression: true, ...compiledOnce(compute, schema, functions) };
  throw new StreamFlowError("SF_EXPRESSION_INVALID", `an expression or a function is expected, got ${describeValue(compute)}`);
}

function compiledFunction(evaluate: (record: unknown) => unknown): CompiledCompute {
  const facts = (): FunctionFacts | undefined => factsOf(evaluate);
  return {
    type: undefined, fields: "all", isExpression: false, isPure: true, evaluate, facts,
    code: (record, scope) => {
      const known = facts();
      return `${scope.bind(evaluate)}(${(known === undefined ? undefined : record.part(known.reads)) ?? record.value})`;
    },
    explain: (thrown) => thrown,
  };
}

/** How generated code computes a value and goes on with it. */
export interface ComputeCode {
  readonly computed: CompiledCompute;
  /** The error that a record is rejected with; it may throw what fails the pipeline. */
  readonly fail: (thrown: unknown) => StreamFlowError;
  /** A condition over the value's name under which the value is taken as it is. */
  readonly quick: (value: string) => string;
  /** Otherwise: the value to go on with. Throws where there is none. */
  readonly check: (value: unknown) => unknown;
  /** Statements that go on with the value, which may be written several times. */
  readonly use: (value: string) => string;
}

/** Statements that compute a value for a record and go on with it, or reject the record. */
export function computeCode({ computed, fail, quick, check, use }: ComputeCode, record: RecordCode, task: TaskCode): string {
  const [value, isGood] = [task.temporary(), task.temporary()];
  const rejectFor = (error: string): string => `${isGood}=false;${task.reject(record, `${task.bind(fail)}(${error})`)}`;
  return `${isGood}=true;
try{${value}=${computed.code(record, task)};}catch(thrown){${rejectFor(`${task.bind(computed.explain)}(thrown)`)}}
if(${isGood}&&!(${quick(value)}))try{${value}=${task.bind(check)}(${value});}catch(thrown){${rejectFor("thrown")}}
if(${isGood}){${use(value)}}`;
}
