// Expressions compiled: to generated code where that is allowed, else to closures, with the same results.
import type { Projection } from "../contracts/codec.ts";
import type { RecordCode, TextScope } from "../contracts/operator-code.ts";
import { StreamFlowError } from "../errors.ts";
import type { DataType } from "../schema.ts";
import { type Checked, operandsOf } from "./checked-expression.ts";
import { generatedFunction, mayGenerateCode } from "./code-generation.ts";
import { closureOf } from "./expression-closure.ts";
import { checkExpression, type ExpressionContext, typeOf } from "./expression-check.ts";
import { expressionFields } from "./expression-fields.ts";
import { formatExpression } from "./expression-format.ts";
import { failed } from "./expression-runtime.ts";
import { SourceScope, sourceOf } from "./expression-source.ts";
import type { Expression } from "./expression.ts";

/** A compiled expression. */
export interface CompiledExpression {
  /** undefined: unknown until run time. */
  readonly type: DataType | undefined;
  /** What it reads of a record. */
  readonly fields: Projection;
  /** Whether equal records always give equal results: false where a function that is called is not pure. */
  readonly isPure: boolean;
  /**
   * Computes the value for a record; never undefined. Reads own properties only.
   * @throws {@link StreamFlowError} SF_EXPRESSION_FAILED, naming the expression, for example where an int64 overflows.
   */
  readonly evaluate: (record: unknown) => unknown;
  /** The same as text, over a record that is known by its fields, or as a whole. What it throws goes through `explain`. */
  readonly code: (record: RecordCode, scope: TextScope) => string;
  /** What `evaluate` would have thrown. */
  readonly explain: (thrown: unknown) => unknown;
}

/** What `compileExpression` takes besides the expression. */
export interface CompileOptions extends ExpressionContext {
  /**
   * `code`: a generated function; `closures`: none. Results are the same.
   * @defaultValue `"code"` where the process may generate code from strings, else `"closures"`
   */
  readonly form?: "code" | "closures";
}

/**
 * Checks and compiles an expression. A simple condition costs a few nanoseconds per record.
 *
 * @throws {@link StreamFlowError} SF_EXPRESSION_INVALID: see `expressionType`.
 */
export function compileExpression(expression: Expression, options: CompileOptions): CompiledExpression {
  const checked = checkExpression(expression, options);
  const fail = (thrown: unknown): StreamFlowError => failure(thrown, expression);
  const evaluate = options.form === "closures" || !mayGenerateCode() ? guarded(closureOf(checked), fail) : generated(checked, fail);
  const code = (record: RecordCode, scope: TextScope): string => sourceOf(checked, readsWhole(checked, record) ? record.value : "undefined", {
    scope, field: (name) => record.field(name), isDefined: (text) => record.isField(text), textOf: (text) => scope.textOf?.(text),
  });
  return { type: typeOf(checked), fields: expressionFields(expression), isPure: callsArePure(checked), evaluate, code, explain: fail };
}

function generated(checked: Checked, fail: (thrown: unknown) => StreamFlowError): (record: unknown) => unknown {
  const scope = new SourceScope();
  const text = sourceOf(checked, "record", { scope });
  const failName = scope.bind(fail);
  const body = `return (record) => { ${scope.declarations} try { return ${text}; } catch (thrown) { throw ${failName}(thrown); } };`;
  return generatedFunction(scope.bindings.map(([name]) => name), body)(...scope.bindings.map(([, value]) => value)) as (record: unknown) => unknown;
}

function guarded(evaluate: (record: unknown) => unknown, fail: (thrown: unknown) => StreamFlowError): (record: unknown) => unknown {
  return (record) => {
    try {
      return evaluate(record);
    } catch (thrown) {
      throw fail(thrown);
    }
  };
}

function failure(thrown: unknown, expression: Expression): StreamFlowError {
  const text = formatExpression(expression);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return failed(`${message}, in \`${text.length > 120 ? `${text.slice(0, 119)}…` : text}\``, thrown);
}

/** Whether an expression reads anything of a record but its known fields. */
function readsWhole(node: Checked, record: RecordCode): boolean {
  if (node.op === "record") return true;
  if (node.op === "member" && node.mode === "record") return record.field(node.name) === undefined;
  return operandsOf(node).some((operand) => readsWhole(operand, record));
}

function callsArePure(node: Checked): boolean {
  return (node.op !== "call" || node.function.pure) && operandsOf(node).every(callsArePure);
}
