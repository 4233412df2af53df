// The stage that gives records their event time, and the watermark of each partition.
// Rows: S18; design: watermarks are exact per record (W after a record = newest time seen − bound − 1), whatever the batches.
import type { NodeShape, OperatorContext, OperatorDefinition, PlanContext, Shape } from "../contracts/operator.ts";
import { programBeside } from "../contracts/thread-program.ts";
import { StreamFlowError } from "../errors.ts";
import { compileCompute, computeCode } from "../plan/compute.ts";
import type { Compute, Expression } from "../plan/expression.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import { operatorStage, type Stage } from "../stage.ts";
import type { Gate } from "./gate.ts";

/** Configuration of {@link eventTime}. */
export interface EventTimeConfig {
  /** Milliseconds since 1970 UTC, as an integer or a Date, or an ISO 8601 text. */
  readonly timestamp: Compute;
  /** How far behind the newest record of its partition a record may come and still be in time, in milliseconds. @defaultValue 0 */
  readonly outOfOrdernessMs?: number;
  /** A partition that delivers nothing for this long no longer holds event time back, in milliseconds of processing time. @defaultValue never */
  readonly idleAfterMs?: number;
  /** A record further ahead of the clock than this is rejected with SF_TIME_FUTURE. Infinity: never. @defaultValue 86_400_000 */
  readonly maxFutureMs?: number;
}

/** What `eventTime` takes: its configuration, with the timestamp typed. */
export interface EventTimeOptions<Value> extends Omit<EventTimeConfig, "timestamp"> {
  readonly timestamp: Expression | ((value: Value) => number | bigint | string | Date);
}

const maxTimestampMs = 8.64e15;
const dayMs = 86_400_000;

/** What the engine adds to the context of this operator: the gate whose watermark it moves. */
export interface EventTimeContext extends OperatorContext {
  readonly outputGate: Gate;
}

/** The operator behind `eventTime` stages. The engine gives it the gate that it moves. */
export const eventTimeOperator: OperatorDefinition<EventTimeConfig> = {
  type: "eventTime",
  threads: () => programBeside("thread-adder", import.meta.url),
  shape(config: EventTimeConfig, [input]: readonly Shape[], context: PlanContext): NodeShape {
    checkBounds(config);
    const compiled = compileCompute(config.timestamp, input?.schema, context.functions);
    if (input?.key !== undefined && !input.key.coPartitioned) {
      throw new StreamFlowError("SF_PLAN_INVALID", "event time must be given before records are keyed", { hint: "move eventTime in front of keyBy" });
    }
    const output: Shape = { schema: input?.schema, key: input?.key, time: true, changes: input?.changes ?? "insert" };
    return {
      outputs: { main: output },
      reads: [compiled.fields],
      forwards: true,
      deterministic: true,
      stateful: false,
      summary: `event time, at most ${config.outOfOrdernessMs ?? 0} ms out of order`,
    };
  },
  create(config, context) {
    const { cursor, emit, clock } = context;
    const gate = (context as EventTimeContext).outputGate;
    const computed = compileCompute(config.timestamp, context.inputShapes[0]?.schema, context.functions);
    const { evaluate } = computed;
    const bound = (config.outOfOrdernessMs ?? 0) + 1;
    const maxFutureMs = config.maxFutureMs ?? dayMs;
    const horizon = { atMs: -Infinity };

    const failure = (thrown: unknown): StreamFlowError =>
      StreamFlowError.is(thrown) ? thrown : new StreamFlowError("SF_STAGE_FAILED", `timestamp: ${String(thrown)}`, { cause: thrown });
    /** The clock is asked only when a record is ahead of everything that was allowed before. */
    const isFuture = (timestampMs: number): boolean => {
      horizon.atMs = clock.nowMs() + maxFutureMs;
      return timestampMs > horizon.atMs;
    };
    const futureError = (timestampMs: number): StreamFlowError =>
      new StreamFlowError("SF_TIME_FUTURE", `event time ${formatMs(timestampMs)} is more than ${maxFutureMs} ms ahead of the clock`);
    const push = (value: unknown): void => {
      let timestampMs: number;
      try {
        timestampMs = toTimestampMs(evaluate(value as never));
      } catch (error) {
        return context.reject(failure(error), value);
      }
      if (timestampMs > horizon.atMs && isFuture(timestampMs)) return context.reject(futureError(timestampMs), value);
      cursor.timestampMs = timestampMs;
      emit(value);
      const watermarkMs = timestampMs - bound;
      // Only what is due costs more than a comparison; the rest of the plan hears of it at the end of the batch.
      if (watermarkMs > gate.watermarkMs) gate.watermarkMs = watermarkMs;
      if (gate.watermarkMs >= gate.nextTimerMs) gate.settle();
    };
    return {
      inputs: [push],
      code(record, task) {
        const watermark = task.temporary();
        const [h, g] = [task.bind(horizon), task.bind(gate)];
        return computeCode({
          computed, fail: failure, check: toTimestampMs,
          quick: (time) => `${time}>=${-maxTimestampMs}&&${time}<=${maxTimestampMs}&&typeof ${time}==="number"&&Math.floor(${time})===${time}`,
          use: (time) => `if(${time}>${h}.atMs&&${task.bind(isFuture)}(${time})){${task.reject(record, `${task.bind(futureError)}(${time})`)}}else{
${task.emit(record.under({ time }))}
${watermark}=${time}-${bound};
if(${watermark}>${g}.watermarkMs)${g}.watermarkMs=${watermark};
if(${g}.watermarkMs>=${g}.nextTimerMs)${g}.settle();
}`,
        }, record, task);
      },
    };
  },
};

/**
 * Gives records their event time, and each partition its watermark.
 *
 * After every record the watermark is the newest event time of the partition, minus `outOfOrdernessMs`, minus 1 ms. A record without a usable time is
 * rejected.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for a negative bound.
 * @see Akidau et al., "The Dataflow Model", VLDB 2015, section 2.3
 */
export function eventTime<Value>(options: EventTimeOptions<Value>, node: { readonly id?: string } = {}): Stage<Value, Value> {
  return operatorStage<Value, Value>(eventTimeOperator, { type: "eventTime", config: { ...options }, ...node });
}

function checkBounds(config: EventTimeConfig): void {
  for (const name of ["outOfOrdernessMs", "idleAfterMs", "maxFutureMs"] as const) {
    const value = config[name];
    if (value !== undefined && !(value >= 0)) throw new StreamFlowError("SF_CONFIG_INVALID", `${name} must be ≥ 0 ms, got ${String(value)}`);
  }
}

/** @throws {@link StreamFlowError} SF_TIME_MISSING */
function toTimestampMs(value: unknown): number {
  if (typeof value === "number" && value >= -maxTimestampMs && value <= maxTimestampMs) return Math.floor(value);
  if (typeof value === "bigint") return toTimestampMs(Number(value));
  if (value instanceof Date) return toTimestampMs(value.getTime());
  if (typeof value === "string") {
    const parsed = Date.parse(value);
    if (!Number.isNaN(parsed)) return parsed;
  }
  const shown = value === null || value === undefined ? "none" : JSON.stringify(value)?.slice(0, 80);
  throw new StreamFlowError("SF_TIME_MISSING", `no usable event time: ${shown}`, { hint: "give milliseconds since 1970 UTC, a Date, or ISO 8601 text" });
}

function formatMs(timestampMs: number): string {
  return new Date(timestampMs).toISOString();
}

/** The shortest idle time of the plan's eventTime stages; Infinity: partitions are never idle. */
export function idleAfterMs(plan: PhysicalPlan): number {
  const times = plan.nodes.filter((entry) => entry.node.type === "eventTime").map((entry) => (entry.node.config as { idleAfterMs?: number }).idleAfterMs ?? Infinity);
  return Math.min(Infinity, ...times);
}
