// filter: hands on the records for which a condition holds.
import { type ComponentSpec, type Compute, computeCode, type OperatorDefinition, programBeside, type Stage } from "@streamflow/core";
import { compute, failure, isPure, readsOf } from "./compute.ts";
import { conditionOf } from "./condition.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link filter} as data. */
export interface FilterConfig {
  readonly where: Compute;
}

/**
 * Hands on the records for which the condition is true, unchanged; `false` and `null` leave a record out.
 *
 * A record for which it throws, or answers anything else, is rejected alone.
 *
 * @example
 * ```ts
 * filter((flight: { delay: number }) => flight.delay > 15);
 * ```
 */
export function filter<In>(where: Compute<In, boolean | null | undefined>, options: StageOptions = {}): Stage<In, In> {
  return stageOf(filterOperator, { where: where as Compute }, options);
}

/** What `filter` stages run. */
export const filterOperator: OperatorDefinition<FilterConfig> = {
  type: "filter",
  threads: () => programBeside("thread-operators", import.meta.url),
  shape({ where }, [input = unknownShape], { functions }) {
    const computed = compute(where, input.schema, functions);
    conditionOf(computed, "where");
    return {
      outputs: { main: input },
      reads: [readsOf(computed)],
      forwards: true,
      deterministic: isPure(where, functions),
      stateful: false,
      summary: "filter",
    };
  },
  create({ where }, context) {
    const what = `filter "${context.node}"`;
    const computed = compute(where, context.inputShapes[0]?.schema, context.functions);
    const { holds, isTrue } = conditionOf(computed, what);
    const { emit } = context;
    const push = (record: unknown): void => {
      let keep: boolean;
      try {
        keep = holds(record);
      } catch (thrown) {
        context.reject(failure(thrown, what), record);
        return;
      }
      if (keep) emit(record);
    };
    return {
      inputs: [push],
      code: (record, task) =>
        computeCode({
          computed, fail: (thrown) => failure(thrown, what), check: isTrue,
          quick: (keep) => `${keep}===true||${keep}===false`,
          use: (keep) => `if(${keep}){${task.emit(record)}}`,
        }, record, task),
    };
  },
};

/** `filter` in YAML. */
export const filterSpec: ComponentSpec<"stage"> = stageSpec({
  type: "filter",
  summary: "Hands on the records for which a condition holds.",
  fields: { where: { type: { kind: "expression" }, doc: "Records for which it is true are kept; false and null leave a record out.", required: true } },
  example: "type: filter\nwhere: delay > 15",
});
