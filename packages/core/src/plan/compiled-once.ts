// What was compiled from equal expressions over one schema object: a host of many pipelines, and the steps of planning one, compile it once.
//   A schema that nobody holds any more takes with it what was compiled for it.
import type { FunctionTable } from "../contracts/operator.ts";
import type { Schema } from "../schema.ts";
import { mayGenerateCode } from "./code-generation.ts";
import { type CompiledExpression, compileExpression } from "./expression-compile.ts";
import type { Expression } from "./expression.ts";

/** Of one schema and table of functions; more are compiled each time. */
const maxKnown = 256;
const noSchema = {};
const known = new WeakMap<object, WeakMap<FunctionTable, Map<string, CompiledExpression>>>();

/** What an expression object was compiled to last: those that equal plans share are asked for again and again. */
interface Last {
  readonly compiled: ReadonlyMap<string, CompiledExpression>;
  readonly mayGenerateCode: boolean;
  readonly made: CompiledExpression;
}

const lastOf = new WeakMap<Expression, Last>();

/**
 * As `compileExpression`; equal expressions over one schema object are compiled once.
 * @throws {@link StreamFlowError} SF_EXPRESSION_INVALID
 */
export function compiledOnce(expression: Expression, schema: Schema | undefined, functions: FunctionTable): CompiledExpression {
  const ofSchema = madeIn(known, schema ?? noSchema, () => new WeakMap());
  const compiled = madeIn(ofSchema, functions, () => new Map());
  const last = lastOf.get(expression);
  if (last?.compiled === compiled && last.mayGenerateCode === mayGenerateCode()) return last.made;
  const key = `${mayGenerateCode()} ${JSON.stringify(expression, exact)}`;
  const before = compiled.get(key);
  if (before !== undefined) return before;
  const made = compileExpression(expression, { schema, functions });
  if (compiled.size < maxKnown) compiled.set(key, made);
  lastOf.set(expression, { compiled, mayGenerateCode: mayGenerateCode(), made });
  return made;
}

/** JSON would write some literals as others. */
function exact(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) return { $number: Object.is(value, -0) ? "-0" : String(value) };
  return value;
}

function madeIn<Key extends object, Value>(map: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
