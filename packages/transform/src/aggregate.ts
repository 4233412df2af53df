// aggregate: running aggregates per key, without windows.
import type { ChangeKind as Change, ComponentSpec, KeyedTable, Operator, OperatorContext, OperatorDefinition, Serializer, Stage } from "@streamflow/core";
import { ChangeKind, StreamFlowError } from "@streamflow/core";
import { type Accumulators, type Aggregates, AggregateSet, type AggregatesIn, type AggregatesOut } from "./aggregate-set.ts";
import { failure, isPure, readsOf } from "./compute.ts";
import { isOver, type Mortal, touch } from "./lifetime.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";
import { checkTtl } from "./reduce.ts";
import { keyWriter, resultSchema } from "./result-record.ts";

/** Configuration of {@link aggregate} as data. */
export interface AggregateConfig {
  readonly aggregate: Aggregates;
  readonly changes?: "latest" | "updates";
  readonly ttlMs?: number;
}

/** Options of {@link aggregate}. */
export interface AggregateOptions extends StageOptions {
  /**
   * `latest`: after every record the key's new results, as a new record (a sink that upserts by key keeps the last). `updates`: the first result as
   * an insert, then each change as update-before and update-after, and a delete when the key's time to live is over.
   * @defaultValue "latest"
   */
  readonly changes?: "latest" | "updates";
  /** A key without records for this long, in milliseconds of event time, is forgotten. Without one the state grows with the number of keys. @defaultValue never */
  readonly ttlMs?: number;
}

/**
 * Aggregates the records of each key without end, and emits the key's results after every record: the key under the names of its fields (or
 * "key"), and the aggregates, under the record's event time.
 *
 * @example
 * ```ts
 * aggregate({ flights: count(), worst: max((flight: { delay: number }) => flight.delay) }, { ttlMs: 86_400_000 });
 * ```
 */
export function aggregate<const A extends Aggregates>(aggregates: A, options: AggregateOptions = {}): Stage<AggregatesIn<A>, AggregatesOut<A>> {
  const { id, ...rest } = options;
  return stageOf(aggregateOperator, { aggregate: aggregates, ...rest }, id === undefined ? {} : { id });
}

interface Running extends Mortal {
  readonly accumulators: Accumulators;
  /** The result that stands, where changes are emitted: what an update replaces. */
  emitted: unknown;
}

function runningSerializer(set: AggregateSet): Serializer<Running> {
  const inner = set.serializer;
  const { name, version } = inner;
  return {
    name: `running:${name}`,
    version,
    write(running, out) {
      out.number(running.latestMs);
      out.value(running.emitted);
      inner.write(running.accumulators, out);
    },
    read: (from, stored) => ({ latestMs: from.number(), emitted: from.value(), accumulators: inner.read(from, stored) }),
  };
}

/** What `aggregate` stages run. */
export const aggregateOperator: OperatorDefinition<AggregateConfig> = {
  type: "aggregate",
  shape({ aggregate: aggregates, changes = "latest", ttlMs }, [input = unknownShape], { functions }) {
    if (input.changes === "all") throw new StreamFlowError("SF_PLAN_INVALID", "aggregate takes only new records, but its input also has updates and deletes", { hint: "put it before the stage that emits updates, or let that stage emit final results only" });
    checkTtl(ttlMs);
    const set = new AggregateSet(aggregates, input.schema, functions);
    return {
      outputs: { main: { ...input, schema: resultSchema([], input.key, set.resultFields), changes: changes === "updates" ? "all" : "insert" } },
      reads: [readsOf(set)],
      forwards: false,
      deterministic: isPure(aggregates, functions),
      stateful: true,
      needsKey: true,
      needsTime: ttlMs !== undefined,
      ...(ttlMs === undefined ? { unboundedState: "aggregate keeps results for every key; set a ttl, or use windows" } : {}),
      summary: `aggregate: ${set.names.join(", ")}`,
    };
  },
  create: (config, context) => new RunningAggregate(config, context),
};

class RunningAggregate implements Operator {
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #context: OperatorContext;
  readonly #config: AggregateConfig;
  readonly #set: AggregateSet;
  readonly #table: KeyedTable<Running>;
  readonly #writeKey: (key: unknown, into: Record<string, unknown>) => void;

  constructor(config: AggregateConfig, context: OperatorContext) {
    this.#config = config;
    this.#context = context;
    this.#set = new AggregateSet(config.aggregate, context.inputShapes[0]?.schema, context.functions);
    this.#table = context.state.table("running", runningSerializer(this.#set));
    this.#writeKey = keyWriter(context.inputShapes[0]?.key);
    this.inputs = [(record) => this.#push(record)];
  }

  onKeyTimer(timeMs: number, key: unknown): void {
    const { timers, cursor } = this.#context;
    const running = this.#table.get(0, key);
    if (running === undefined || !isOver(running, this.#config.ttlMs, { timeMs, key, timers })) return;
    this.#table.delete(0, key);
    if (running.emitted === null) return;
    cursor.timestampMs = timeMs;
    cursor.key = key;
    this.#emit(running.emitted, ChangeKind.delete);
    cursor.change = ChangeKind.insert;
  }

  #push(record: unknown): void {
    const context = this.#context;
    let inputs: readonly unknown[];
    try {
      inputs = this.#set.inputs(record);
    } catch (thrown) {
      context.reject(failure(thrown, `aggregate "${context.node}"`), record);
      return;
    }
    const running = this.#table.edit(0, context.cursor.key) ?? this.#newKey(context.cursor.key);
    this.#set.add(running.accumulators, inputs, 0);
    touch(running, context, this.#config.ttlMs);
    let result: unknown;
    try {
      result = this.#resultOf(context.cursor.key, running);
    } catch (thrown) {
      // The record was counted; there is a result again when one fits its type.
      context.reject(failure(thrown, `result of "${context.node}"`), record);
      return;
    }
    this.#emitResult(running, result);
  }

  #emitResult(running: Running, result: unknown): void {
    const { cursor } = this.#context;
    const { timestampMs, key } = cursor;
    if (this.#config.changes !== "updates") return this.#emit(result, ChangeKind.insert);
    const { emitted } = running;
    running.emitted = result;
    if (emitted === null) return this.#emit(result, ChangeKind.insert);
    this.#emit(emitted, ChangeKind.updateBefore);
    cursor.timestampMs = timestampMs;
    cursor.key = key;
    this.#emit(result, ChangeKind.updateAfter);
  }

  #emit(value: unknown, change: Change): void {
    this.#context.cursor.change = change;
    this.#context.emit(value);
  }

  #newKey(key: unknown): Running {
    const running: Running = { accumulators: this.#set.create(), latestMs: -Infinity, emitted: null };
    this.#table.set(0, key, running);
    return running;
  }

  #resultOf(key: unknown, running: Running): unknown {
    const result: Record<string, unknown> = {};
    this.#writeKey(key, result);
    return this.#set.results(running.accumulators, result);
  }
}

/** `aggregate` in YAML. */
export const aggregateSpec: ComponentSpec<"stage"> = stageSpec({
  type: "aggregate",
  summary: "Aggregates the records of each key without end, and emits the results after every record.",
  fields: {
    aggregate: { type: { kind: "map", value: { kind: "aggregate" } }, doc: "Name of the result field: its aggregate.", required: true },
    changes: {
      type: { kind: "string", oneOf: ["latest", "updates"] },
      doc: "`latest`: the new results after every record; `updates`: also what they replace, as changes.",
      default: "latest",
    },
    ttl: { type: { kind: "duration", minMs: 0 }, doc: "A key without records for this long, in event time, is forgotten." },
  },
  example: "type: aggregate\naggregate:\n  flights: count()\n  worst: max(delay)\nttl: 1d",
  config: ({ ttl, ...rest }) => ({ ...rest, ttlMs: ttl }),
});
