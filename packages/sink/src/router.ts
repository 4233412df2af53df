// Sends each record to one or several of named outputs, for example to several sinks.
import type { CompiledCompute, ComponentSpec, Compute, FunctionTable, OperatorDefinition, Projection, Shape, Stage } from "@streamflow/core";
import { choiceCode, compileCompute, operatorStage, StreamFlowError, toStreamFlowError } from "@streamflow/core";

/** Configuration of a router, as data. */
export interface RouteConfig {
  /** Output: its condition, tried in the order written. */
  readonly routes: Readonly<Record<string, Compute>>;
  /** The output of records for which no condition holds. @defaultValue none: such a record is rejected, never lost in silence */
  readonly otherwise?: string;
  /** `first`: to the first output whose condition holds; `all`: to each of them. @defaultValue "first" */
  readonly mode?: "first" | "all";
}

/** Options of {@link route}. */
export interface RouteOptions<In> {
  /** Output: its condition, tried in the order written. A function, or an expression. */
  readonly routes: Readonly<Record<string, Compute<In, boolean | null | undefined>>>;
  /** See {@link RouteConfig}. @defaultValue none: a record that no route takes is rejected */
  readonly otherwise?: string;
  /** See {@link RouteConfig}. @defaultValue "first" */
  readonly mode?: "first" | "all";
  /** Stable name of the node in the plan. @defaultValue made from type and place */
  readonly id?: string;
}

/**
 * Sends each record to named outputs by conditions; sinks and stages are put behind the outputs by name.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for no route, an output named "main" or "rejected", or `otherwise` naming a route.
 * @example
 * ```ts
 * route({ routes: { late: (flight: { delay: number }) => flight.delay > 15 }, otherwise: "onTime" });
 * ```
 */
export function route<In>({ id, ...config }: RouteOptions<In>): Stage<In, In> {
  const checked = config as RouteConfig;
  checkRoutes(checked);
  return operatorStage<In, In>(routeOperator, { type: routeOperator.type, config: { ...checked }, ...(id === undefined ? {} : { id }) });
}

const reserved: readonly string[] = ["main", "rejected"];
const unknownShape: Shape = { schema: undefined, key: undefined, time: false, changes: "insert" };

/** Checks a router's configuration. @throws {@link StreamFlowError} SF_CONFIG_INVALID naming the output. */
export function checkRoutes({ routes, otherwise }: RouteConfig): void {
  const names = Object.keys(routes);
  if (names.length === 0) throw new StreamFlowError("SF_CONFIG_INVALID", "a router needs at least one route");
  const taken = [...names, otherwise ?? ""].find((name) => reserved.includes(name));
  if (taken !== undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `a router cannot name an output "${taken}": the name is taken`);
  if (otherwise !== undefined && names.includes(otherwise)) throw new StreamFlowError("SF_CONFIG_INVALID", `"${otherwise}" is a route already; otherwise must be another output`);
}

/**
 * What `route` stages run: named outputs by condition.
 *
 * A condition that is null does not hold. A record for which a condition throws, or for which none holds where there is no `otherwise`, is
 * rejected with its reason and goes nowhere. Records are handed on as they are, with their key, time and change kind.
 */
export const routeOperator: OperatorDefinition<RouteConfig> = {
  type: "route",
  outputs: outputsOf,
  shape(config, [input = unknownShape], { functions }) {
    checkRoutes(config);
    const compiled = Object.entries(config.routes).map(([name, what]) => condition(name, what, { input, functions }));
    const outputs = outputsOf(config);
    return {
      outputs: Object.fromEntries(outputs.map((name) => [name, input])),
      reads: [union(compiled.map(({ fields }) => fields))],
      forwards: true,
      deterministic: compiled.every(({ isPure }) => isPure),
      stateful: false,
      summary: `${config.mode === "all" ? "every" : "first"} of ${Object.keys(config.routes).join(", ")}${config.otherwise === undefined ? "" : `, else ${config.otherwise}`}`,
    };
  },
  create(config, context) {
    const { cursor, functions, node } = context;
    const input = context.inputShapes[0] ?? unknownShape;
    const isFirst = config.mode !== "all";
    const routes = Object.entries(config.routes).map(([name, what]) => ({ name, computed: condition(name, what, { input, functions }), isTrue: (value: unknown) => holds(value, `route "${name}" of "${node}"`), emit: context.output(name) }));
    const otherwise = config.otherwise === undefined ? undefined : context.output(config.otherwise);
    const choose = (record: unknown): typeof routes => {
      const chosen: typeof routes = [];
      for (const route of routes) {
        if (!route.isTrue(route.computed.evaluate(record))) continue;
        chosen.push(route);
        if (isFirst) break;
      }
      return chosen;
    };
    const fail = (thrown: unknown): StreamFlowError => {
      // A promise is a mistake in the program, not in the record.
      if (StreamFlowError.is(thrown, "SF_STAGE_PROMISE")) throw thrown;
      return toStreamFlowError(thrown, "SF_STAGE_FAILED", `router "${node}"`);
    };
    const none = (): StreamFlowError => new StreamFlowError("SF_ROUTE_NONE", `no route of "${node}" takes this record: ${routes.map(({ name }) => `"${name}"`).join(", ")}`);
    const push = (record: unknown): void => {
      let chosen: typeof routes;
      try {
        chosen = choose(record);
      } catch (thrown) {
        return context.reject(fail(thrown), record);
      }
      if (chosen.length === 0) {
        if (otherwise !== undefined) return otherwise(record);
        return context.reject(none(), record);
      }
      // What stands behind one output may set the cursor; the next output must not see it.
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
          isFirst, otherwise: config.otherwise === undefined ? task.reject(record, `${task.bind(none)}()`) : task.emit(record, config.otherwise), fail,
        }, record, task),
    };
  },
};

function outputsOf({ routes, otherwise }: RouteConfig): readonly string[] {
  return [...Object.keys(routes), ...(otherwise === undefined ? [] : [otherwise])];
}

function condition(name: string, what: Compute, { input, functions }: { readonly input: Shape; readonly functions: FunctionTable }): CompiledCompute {
  const compiled = compileCompute(what, input.schema, functions);
  if (compiled.type !== undefined && compiled.type.type !== "bool" && compiled.type.type !== "any") {
    throw new StreamFlowError("SF_PLAN_INVALID", `route "${name}" must be a condition, but its type is ${compiled.type.type}`, { hint: "compare it with something, such as `amount > 0`" });
  }
  return compiled;
}

function holds(value: unknown, what: string): boolean {
  if (value === true) return true;
  if (value === false || value === null || value === undefined) return false;
  if (typeof (value as { then?: unknown }).then === "function") throw new StreamFlowError("SF_STAGE_PROMISE", `the condition of ${what} returned a promise`);
  throw new StreamFlowError("SF_TYPE_MISMATCH", `the condition of ${what} must answer true, false or null, got ${typeof value}`);
}

function union(projections: readonly Projection[]): Projection {
  const paths = new Map<string, readonly string[]>();
  for (const projection of projections) {
    if (projection === "all") return "all";
    for (const path of projection) paths.set(JSON.stringify(path), path);
  }
  return [...paths.values()];
}

/** `route` in YAML. */
export const routeSpec: ComponentSpec<"stage"> = {
  kind: "stage",
  type: "route",
  summary: "Sends each record to named outputs by conditions, for example to several sinks.",
  fields: {
    routes: { type: { kind: "map", value: { kind: "expression" } }, doc: "Name of the output: its condition. Tried in the order written.", required: true },
    otherwise: { type: { kind: "string" }, doc: "Output of the records that no route takes. Without it they are rejected to the dead letters." },
    mode: { type: { kind: "string", oneOf: ["first", "all"] }, doc: "`first`: to the first output whose condition holds; `all`: to each of them.", default: "first" },
  },
  example: "type: route\nroutes:\n  late: delay > 15\notherwise: onTime\n",
  create({ mode, ...rest }) {
    checkRoutes(rest as unknown as RouteConfig);
    // A default is left out, as in code: equal routers have equal configurations.
    return { type: "route", config: mode === undefined || mode === "first" ? rest : { ...rest, mode } };
  },
};
