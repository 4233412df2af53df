// flatMap: one record in, any number of records out.
import type { ComponentSpec, Compute, OperatorDefinition, Schema, Stage } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { compute, failure, isPure, readsOf, refusePromise } from "./compute.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link flatMap} as data. */
export interface FlatMapConfig {
  readonly to: Compute;
  readonly schema?: Schema;
}

/** Options of {@link flatMap}. */
export interface FlatMapOptions extends StageOptions {
  /** The type of the records that a function gives. @defaultValue unknown */
  readonly schema?: Schema;
}

/**
 * Turns each record into the items of a list (or any iterable), in order. Event time, key and change kind of the record go to each item.
 *
 * `null`, `undefined` and an empty list give nothing. Where an iterable throws half-way, what it gave before stays and the record is rejected.
 *
 * @example
 * ```ts
 * flatMap((line: string) => line.split(" "));
 * ```
 */
export function flatMap<In, Out>(to: Compute<In, Iterable<Out> | null | undefined>, options: FlatMapOptions = {}): Stage<In, Out> {
  const { schema, ...rest } = options;
  return stageOf(flatMapOperator, { to: to as Compute, ...(schema === undefined ? {} : { schema }) }, rest);
}

/** What `flatMap` stages run. */
export const flatMapOperator: OperatorDefinition<FlatMapConfig> = {
  type: "flatMap",
  shape({ to, schema }, [input = unknownShape], { functions }) {
    const computed = compute(to, input.schema, functions);
    const { type } = computed;
    if (type !== undefined && type.type !== "list" && type.type !== "any") {
      throw new StreamFlowError("SF_PLAN_INVALID", `flatMap needs a list, but its expression is of type ${type.type}`, { hint: "name a field that is a list, or return one" });
    }
    return {
      outputs: { main: { ...input, schema: schema ?? (type?.type === "list" ? type.element : undefined) } },
      reads: [readsOf(computed)],
      forwards: false,
      deterministic: isPure(to, functions),
      stateful: false,
      summary: "flatMap",
    };
  },
  create({ to }, context) {
    const computed = compute(to, context.inputShapes[0]?.schema, context.functions);
    const { evaluate, explain } = computed;
    const { emit } = context;
    const what = `flatMap "${context.node}"`;

    const push = (record: unknown): void => {
      let items: Iterator<unknown> | undefined;
      try {
        items = itemsOf(evaluate(record), what);
      } catch (thrown) {
        context.reject(failure(thrown, what), record);
        return;
      }
      if (items === undefined) return;
      const { cursor } = context;
      const { timestampMs, key, change } = cursor;
      for (;;) {
        let next: IteratorResult<unknown>;
        try {
          next = items.next();
        } catch (thrown) {
          context.reject(failure(thrown, what), record);
          return;
        }
        if (next.done === true) return;
        emit(next.value);
        cursor.timestampMs = timestampMs;
        cursor.key = key;
        cursor.change = change;
      }
    };
    const fail = (thrown: unknown): StreamFlowError => failure(thrown, what);
    const failExpression = (thrown: unknown): StreamFlowError => failure(explain(thrown), what);
    const open = (value: unknown): Iterator<unknown> | undefined => itemsOf(value, what);
    return {
      inputs: [push],
      code(record, task) {
        const [list, items, next, item, isGood] = [task.temporary(), task.temporary(), task.temporary(), task.temporary(), task.temporary()];
        const reject = (error: unknown): string => task.reject(record, `${task.bind(error)}(thrown)`);
        return `${isGood}=true;try{${list}=${computed.code(record, task)};}catch(thrown){${isGood}=false;${reject(failExpression)}}
if(${isGood})try{${items}=${task.bind(open)}(${list});}catch(thrown){${isGood}=false;${reject(fail)}}
if(${isGood}&&${items}!==undefined)for(;;){try{${next}=${items}.next();}catch(thrown){${reject(fail)}break;}
if(${next}.done===true)break;${item}=${next}.value;
${task.emitValue(item, record)}}`;
      },
    };
  },
};

function itemsOf(value: unknown, what: string): Iterator<unknown> | undefined {
  if (value === null || value === undefined) return undefined;
  refusePromise(value, what);
  if (typeof value === "object" && Symbol.iterator in value) return (value as Iterable<unknown>)[Symbol.iterator]();
  throw new StreamFlowError("SF_TYPE_MISMATCH", `${what} must answer a list, got ${typeof value}`);
}

/** `flatMap` in YAML. */
export const flatMapSpec: ComponentSpec<"stage"> = stageSpec({
  type: "flatMap",
  summary: "Turns each record into the items of a list, in order.",
  fields: {
    to: { type: { kind: "expression" }, doc: "A list; null and an empty list give nothing.", required: true },
    schema: { type: { kind: "schema" }, doc: "The type of an item, where the expression does not tell it." },
  },
  example: "type: flatMap\nto: legs",
});
