// Stands in until core offers this.
import { type AnyOperatorDefinition, type Stage, type StageDescription, StreamFlowError } from "@streamflow/core";

export function operatorStage<In, Out>(definition: AnyOperatorDefinition, description: StageDescription): Stage<In, Out> {
  return {
    operator: { definition, description },
    validate: () => undefined,
    process: () => {
      throw new StreamFlowError("SF_INTERNAL", "needs the engine");
    },
  };
}
