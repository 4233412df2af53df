// split: one stream as several, by conditions.
import type { ComponentSpec, Compute, OperatorDefinition, Stage } from "@streamflow/core";
import { choiceCode, StreamFlowError } from "@streamflow/core";
import { compute, failure, isPure, readsOf } from "./compute.ts";
import { conditionOf } from "./condition.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link split} as data. */
export interface SplitConfig {
  readonly outputs: Readonly<Record<string, Compute>>;
  readonly mode?: "first" | "all";
}

/** Options of {@link split}. */
export interface SplitOptions extends StageOptions {
  /** `first`: a record goes to the first output whose condition holds; `all`: to each of them. @defaultValue "first" */
  readonly mode?: "first" | "all";
}

/**
 * Sends each record to named outputs by conditions, in the order written; a record for which none holds goes to the output "main".
 *
 * A record for which a condition throws is rejected, and goes to no output.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID, when the stage is added, for no output or one named "main" or "rejected".
 * @example
 * ```ts
 * split({ late: (flight: { delay: number }) => flight.delay > 15 }); // outputs "late" and "main"
 * ```
 */
export function split<In>(outputs: Readonly<Record<string, Compute<In, boolean | null | undefined>>>, options: SplitOptions = {}): Stage<In, In> {
  const { mode, ...rest } = options;
  return stageOf(splitOperator, { outputs: outputs as SplitConfig["outputs"], ...(mode === undefined ? {} : { mode }) }, rest);
}

const reserved: readonly string[] = ["main", "rejected"];

/** What `split` stages run. */
export const splitOperator: OperatorDefinition<SplitConfig> = {
  type: "split",
  outputs: ({ outputs }) => [...Object.keys(outputs), "main"],
  shape({ outputs }, [input = unknownShape], { functions }) {
    const names = Object.keys(outputs);
    if (names.length === 0) throw new StreamFlowError("SF_CONFIG_INVALID", "split needs at least one output");
    const taken = names.find((name) => reserved.includes(name));
    if (taken !== undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `split cannot name an output "${taken}": it exists already`, { hint: `"main" gets the records for which no condition holds` });
    const computed = Object.values(outputs).map((what) => compute(what, input.schema, functions));
    computed.forEach((one, at) => conditionOf(one, `output "${names[at]}"`));
    return {
      outputs: Object.fromEntries([...names, "main"].map((name) => [name, input])),
      reads: [readsOf(...computed)],
      forwards: true,
      deterministic: Object.values(outputs).every((what) => isPure(what, functions)),
      stateful: false,
      summary: `split into ${names.join(", ")}`,
    };
  },
  create({ outputs, mode = "first" }, context) {
    const { cursor, functions, inputShapes } = context;
    const routes = Object.entries(outputs).map(([name, what]) => {
      const computed = compute(what, inputShapes[0]?.schema, functions);
      return { name, computed, ...conditionOf(computed, `output "${name}" of split "${context.node}"`), emit: context.output(name) };
    });
    const fail = (thrown: unknown): StreamFlowError => failure(thrown, `split "${context.node}"`);
    const push = (record: unknown): void => {
      const chosen: typeof routes = [];
      try {
        for (const route of routes) {
          if (!route.holds(record)) continue;
          chosen.push(route);
          if (mode === "first") break;
        }
      } catch (thrown) {
        context.reject(fail(thrown), record);
        return;
      }
      if (chosen.length === 0) return context.emit(record);
      const { timestampMs, key, change } = cursor;
      for (const { emit } of chosen) {
        cursor.timestampMs = timestampMs;
        cursor.key = key;
        cursor.change = change;
        emit(record);
      }
    };
    return {
      inputs: [push],
      code: (record, task) =>
        choiceCode({
          routes: routes.map(({ name, computed, isTrue }) => ({ computed, isTrue, use: task.emit(record, name) })),
          isFirst: mode === "first", otherwise: task.emit(record), fail,
        }, record, task),
    };
  },
};

/** `split` in YAML. */
export const splitSpec: ComponentSpec<"stage"> = stageSpec({
  type: "split",
  summary: "Sends each record to named outputs by conditions; the rest goes to main.",
  fields: {
    outputs: { type: { kind: "map", value: { kind: "expression" } }, doc: "Name of the output: its condition. Tried in the order written.", required: true },
    mode: { type: { kind: "string", oneOf: ["first", "all"] }, doc: "`first`: to the first output whose condition holds; `all`: to each of them.", default: "first" },
  },
  example: "type: split\noutputs:\n  late: delay > 15\n  early: delay < 0",
});
