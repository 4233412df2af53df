// union: several streams as one.
import type { ComponentSpec, OperatorDefinition, Stage } from "@streamflow/core";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link union}: none. */
export type UnionConfig = Readonly<Record<never, never>>;

/**
 * Hands on the records of all streams that feed it. Each stream keeps its own order; event time is the least of theirs.
 *
 * The streams must agree on the type of their records and on whether they carry event time. A key stays where all have the same one.
 */
export function union<In>(options: StageOptions = {}): Stage<In, In> {
  return stageOf(unionOperator, {}, options);
}

/** What `union` stages run. The merge itself is the engine's: several edges into one input. */
export const unionOperator: OperatorDefinition<UnionConfig> = {
  type: "union",
  shape: (_config, [input = unknownShape]) => ({
    outputs: { main: input },
    reads: [[]],
    forwards: true,
    deterministic: true,
    stateful: false,
    summary: "union",
  }),
  create: (_config, { emit }) => ({ inputs: [emit] }),
};

/** `union` in YAML. */
export const unionSpec: ComponentSpec<"stage"> = stageSpec({
  type: "union",
  summary: "Hands on the records of all streams that feed it.",
  fields: {},
  example: "type: union",
});
