// map: one record in, one record out.
import type { ComponentSpec, Compute, Expression, MadeRecord, OperatorDefinition, RecordCode, Schema, Stage, TaskCode } from "@streamflow/core";
import { computeCode, isExpression, programBeside, StreamFlowError } from "@streamflow/core";
import { compute, type Computed, failure, isPure, readsOf, refusePromise } from "./compute.ts";
import { fieldsCode, mostFieldsInCode } from "./fields-code.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link map} as data. */
export interface MapConfig {
  readonly to: Compute;
  readonly schema?: Schema;
}

/** Options of {@link map}. */
export interface MapOptions extends StageOptions {
  /** The type of the records that a function gives; an expression's type is found by itself. @defaultValue unknown */
  readonly schema?: Schema;
}

/**
 * Turns each record into another one. Event time, key and change kind stay.
 *
 * A record for which the function throws, or answers `undefined`, is rejected alone.
 *
 * @example
 * ```ts
 * map((flight: { delay: number }) => ({ minutes: flight.delay / 60 }));
 * ```
 */
export function map<In, Out>(to: Compute<In, Out>, options: MapOptions = {}): Stage<In, Out> {
  const { schema, ...rest } = options;
  return stageOf(mapOperator, { to: to as Compute, ...(schema === undefined ? {} : { schema }) }, rest);
}

/** What `map` stages run. */
export const mapOperator: OperatorDefinition<MapConfig> = {
  type: "map",
  // A schema that is only declared is not checked: nothing that depends on types may be made of such records elsewhere.
  threads: ({ schema }) => (schema === undefined ? programBeside("thread-operators", import.meta.url) : undefined),
  shape({ to, schema }, [input = unknownShape], { functions }) {
    const computed = compute(to, input.schema, functions);
    return {
      outputs: { main: { ...input, schema: schema ?? computed.type } },
      reads: [readsOf(computed)],
      forwards: false,
      deterministic: isPure(to, functions),
      stateful: false,
      summary: "map",
    };
  },
  create({ to }, context) {
    const computed = compute(to, context.inputShapes[0]?.schema, context.functions);
    const { evaluate } = computed;
    const fields = fieldsOf(to)?.map(([name, value]) => [name, compute(value, context.inputShapes[0]?.schema, context.functions)] as const);
    const { emit } = context;
    const what = `map "${context.node}"`;
    const missing = (): StreamFlowError => new StreamFlowError("SF_TYPE_MISMATCH", `${what} answered undefined`, { hint: "return a value, or use filter or flatMap to leave records out" });
    const push = (record: unknown): void => {
      let mapped: unknown;
      try {
        mapped = evaluate(record);
        if (mapped === undefined) throw missing();
      } catch (thrown) {
        context.reject(failure(thrown, what), record);
        return;
      }
      refusePromise(mapped, what);
      emit(mapped);
    };
    return {
      inputs: [push],
      code(record, task) {
        if (fields !== undefined) return fieldsCode({ fields, fail: (thrown) => failure(computed.explain(thrown), what) }, record, task);
        const refuse = (value: unknown): void => refusePromise(value, what);
        const { made, code } = carriedPast(computed, record, task);
        return computeCode({
          computed: { ...computed, code }, fail: (thrown) => failure(thrown, what),
          check: () => {
            throw missing();
          },
          quick: (mapped) => `${mapped}!==undefined`,
          use: (mapped) => `${computed.isExpression || made?.names?.includes("then") === false ? "" : `if(${mapped}!==null&&typeof ${mapped}==="object"&&${mapped}.then!==undefined)${task.bind(refuse)}(${mapped});`}
${task.emitValue(mapped, record, made)}`,
        }, record, task);
      },
    };
  },
};

/** What a function answers, and how it is called: texts that it only carries go past it. */
function carriedPast({ facts, evaluate, code }: Computed, record: RecordCode, task: TaskCode): { readonly made: MadeRecord | undefined; readonly code: Computed["code"] } {
  const known = facts?.();
  if (known === undefined) return { made: undefined, code };
  const carried = new Map<string, string>();
  const reads = new Set(known.reads);
  for (const [name, from] of known.carried) {
    const expression = record.field(from);
    if (expression === undefined || task.textOf(expression) === undefined) continue;
    carried.set(name, expression);
    reads.delete(from);
  }
  const part = carried.size === 0 ? undefined : record.part(reads);
  if (part === undefined) return { made: { names: known.names, carried: new Map() }, code };
  return { made: { names: known.names, carried }, code: () => `${task.bind(evaluate)}(${part})` };
}

/** The fields of an expression that makes a record of them. */
function fieldsOf(to: Compute): readonly (readonly [name: string, value: Expression])[] | undefined {
  return isExpression(to) && to.kind === "object" && to.entries.length <= mostFieldsInCode ? to.entries : undefined;
}

/** `map` in YAML. */
export const mapSpec: ComponentSpec<"stage"> = stageSpec({
  type: "map",
  summary: "Turns each record into what an expression computes from it.",
  fields: {
    to: { type: { kind: "expression" }, doc: "The new record.", required: true },
    schema: { type: { kind: "schema" }, doc: "The type of the new record, where the expression does not tell it." },
  },
  example: "type: map\nto: '{ carrier: carrier, hours: delay / 60 }'",
});
