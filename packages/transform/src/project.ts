// project: a new record of named fields.
import { type ComponentSpec, type Compute, type Operator, type OperatorDefinition, programBeside, type Stage, type StreamFlowError } from "@streamflow/core";
import { compute, failure, isPure, readsOf } from "./compute.ts";
import { fieldsCode, mostFieldsInCode } from "./fields-code.ts";
import { type FieldFailure, recordMaker } from "./record-maker.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link project} as data. */
export interface ProjectConfig {
  readonly fields: Readonly<Record<string, Compute>>;
}

/** What a computation gives: known for functions, unknown for expressions. */
export type ComputedValue<C> = C extends (record: never) => infer Out ? Out : unknown;

/** What a record must be, for all fields to be computed from it. */
export type FieldsIn<Fields> = { [Name in keyof Fields]: (record: RecordOf<Fields[Name]>) => void }[keyof Fields] extends (record: infer In) => void ? In : unknown;
type RecordOf<C> = C extends (record: infer In) => unknown ? In : unknown;

/**
 * Makes a record of named fields, each computed from the input record. A field whose computation answers `undefined` is null.
 *
 * @example
 * ```ts
 * project({ late: (flight: { delay: number }) => flight.delay > 15 });
 * ```
 */
export function project<Fields extends ProjectConfig["fields"]>(fields: Fields, options: StageOptions = {}): Stage<FieldsIn<Fields>, { readonly [Name in keyof Fields]: ComputedValue<Fields[Name]> }> {
  return stageOf(projectOperator, { fields }, options);
}

/** What `project` stages run. */
export const projectOperator: OperatorDefinition<ProjectConfig> = {
  type: "project",
  threads: () => programBeside("thread-operators", import.meta.url),
  shape({ fields }, [input = unknownShape], { functions }) {
    const computed = Object.entries(fields).map(([name, what]) => [name, compute(what, input.schema, functions)] as const);
    return {
      outputs: {
        main: { ...input, schema: { type: "struct", fields: computed.map(([name, { type }]) => ({ name, type: type ?? { type: "any", nullable: true } })) } },
      },
      reads: [readsOf(...computed.map(([, one]) => one))],
      forwards: false,
      deterministic: Object.values(fields).every((what) => isPure(what, functions)),
      stateful: false,
      summary: `project ${computed.map(([name]) => name).join(", ")}`,
    };
  },
  create({ fields }, context) {
    const schema = context.inputShapes[0]?.schema;
    const { emit } = context;
    const what = `project "${context.node}"`;
    const computed = Object.entries(fields).map(([name, field]) => [name, compute(field, schema, context.functions)] as const);
    const make = recordMaker(computed.map(([name, { evaluate }]) => [name, evaluate]));
    const fail = (cause: unknown, name: string): StreamFlowError => failure(cause, `field "${name}" of ${what}`);
    const push = (record: unknown): void => {
      let projected: unknown;
      try {
        projected = make(record);
      } catch (thrown) {
        const { name, cause } = thrown as FieldFailure;
        context.reject(fail(cause, name), record);
        return;
      }
      emit(projected);
    };
    const failAt = (thrown: unknown, at: number): StreamFlowError => fail(computed[at]?.[1].explain(thrown), computed[at]?.[0] ?? "");
    const code: Operator["code"] = (record, task) => fieldsCode({ fields: computed, fail: failAt }, record, task);
    return { inputs: [push], ...(computed.length > mostFieldsInCode ? {} : { code }) };
  },
};

/** `project` in YAML. */
export const projectSpec: ComponentSpec<"stage"> = stageSpec({
  type: "project",
  summary: "Makes a record of named fields, each computed from the input record.",
  fields: { fields: { type: { kind: "map", value: { kind: "expression" } }, doc: "Name of the new field: its expression.", required: true } },
  example: "type: project\nfields:\n  carrier: carrier\n  late: delay > 15",
});
