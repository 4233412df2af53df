// The public contract of a stage: what `Pipeline.addStage` takes.
import type { StageDescription } from "./contracts/component.ts";
import type { Shape } from "./contracts/operator.ts";
import type { AnyOperatorDefinition } from "./registry.ts";
import type { PipelineConfig } from "./plan/logical-plan.ts";

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
export interface Stage<In = unknown, Out = unknown> {
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
