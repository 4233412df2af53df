// The public contract of a stage: what `Pipeline.addStage` takes.
import type { StageDescription } from "./contracts/component.ts";
import type { Shape } from "./contracts/operator.ts";
import type { AnyOperatorDefinition } from "./registry.ts";
import { executePlan, inputSource } from "./engine/execute.ts";
import { standardFunctionTable } from "./plan/function-table.ts";
import type { PipelineConfig } from "./plan/logical-plan.ts";
import { PlanBuilder } from "./plan/plan-builder.ts";
import { unknownShape } from "./plan/shapes.ts";

/**
 * One processing step.
 *
 * - STG-1. `validate(config, shape)` is called once, by `addStage`, with the shape so far; it throws where the stage cannot work. It may answer the shape of its output.
 * - STG-2. `process` pulls from its input only when it is pulled from; it buffers nothing without bound.
 * - STG-3. Ending the output early (`return`) ends the input; an error surfaces once, and the input is closed.
 * - STG-4. No record is lost, doubled or reordered, unless the stage says that this is its purpose.
 * - STG-5. A stage that has an `operator` runs fused, and its `process` gives the same results. One that offers only `process` is bridged at batch
 *   boundaries: it keeps no checkpointed state, and its outputs carry no position of their own.
 */
export interface Stage<In = unknown, Out = In> {
  validate(config: PipelineConfig, shape?: Shape): Shape | void;
  process(stream: AsyncIterable<In>): AsyncIterable<Out>;
  /** What it is as data, and how it runs fused. */
  readonly operator?: StageOperator;
}

/** The fused form of a stage. */
export interface StageOperator {
  readonly description: StageDescription;
  readonly definition: AnyOperatorDefinition;
}

/**
 * The stage of an operator: runs fused in a pipeline, and by itself over any AsyncIterable.
 *
 * `process` throws for a value that the operator rejects, and for an operator that needs a key or event time.
 */
export function operatorStage<In, Out>(definition: AnyOperatorDefinition, description: StageDescription): Stage<In, Out> {
  return {
    operator: { definition, description },
    validate: validateOperator,
    process: (stream) => processAlone<In, Out>({ definition, description }, stream),
  };
}

function validateOperator(this: Stage, _config: PipelineConfig, shape: Shape = unknownShape): Shape | undefined {
  const { definition, description } = this.operator!;
  const context = { node: description.id ?? description.type, functions: standardFunctionTable };
  const inputs = (definition.inputs ?? ["main"]).map(() => shape);
  return definition.shape(description.config as never, inputs, context).outputs.main;
}

/** Whether a stage is checked, as it is added to a plan, for everything that its `validate` finds: an operator's own shape. */
export function isCheckedByPlan(stage: Stage): boolean {
  return stage.validate === validateOperator && (stage.operator?.definition.inputs ?? ["main"]).length === 1;
}

/** A one-stage pipeline. */
function processAlone<In, Out>(operator: StageOperator, stream: AsyncIterable<In>): AsyncIterable<Out> {
  const builder = new PlanBuilder({ name: operator.description.type }, standardFunctionTable);
  const input = builder.addSource(inputSource, "input");
  const [name = "main"] = operator.definition.inputs ?? [];
  const tail = builder.addStage(operator, { [name]: [input] });
  return executePlan<Out>({ plan: builder.build(), tails: [tail], functions: standardFunctionTable, source: stream });
}
