// Stands in until core offers these.
import { type Compute, type DataType, type FunctionTable, isExpression, type OperatorDefinition, type Projection, type Schema, type Stage, type StageDescription, StreamFlowError } from "@streamflow/core";

interface CompiledCompute {
  readonly evaluate: (record: unknown) => unknown;
  readonly type: DataType | undefined;
  readonly fields: Projection;
  readonly isExpression: boolean;
}

export function compileCompute(what: Compute, schema: Schema | undefined, _functions: FunctionTable): CompiledCompute {
  if (typeof what === "function") return { evaluate: what as (record: unknown) => unknown, type: undefined, fields: "all", isExpression: false };
  if (!isExpression(what)) throw new StreamFlowError("SF_EXPRESSION_INVALID", "not an expression");
  if (what.kind === "literal") return { evaluate: () => what.value, type: undefined, fields: [], isExpression: true };
  if (what.kind === "field") {
    const { path } = what;
    const declared = schema?.type === "struct" && path.length === 1 ? schema.fields.find((field) => field.name === path[0])?.type : path.length === 0 ? schema : undefined;
    return {
      evaluate: (record) => path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name] ?? null, record),
      type: declared,
      fields: path.length === 0 ? "all" : [path],
      isExpression: true,
    };
  }
  throw new StreamFlowError("SF_EXPRESSION_INVALID", `not supported here: ${what.kind}`);
}

export function operatorStage<In, Out>(definition: OperatorDefinition<never>, description: StageDescription): Stage<In, Out> {
  return { operator: { definition, description }, validate: () => undefined, process: () => { throw new StreamFlowError("SF_INTERNAL", "needs the engine"); } };
}
