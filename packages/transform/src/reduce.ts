// reduce: a running value per key.
import type { KeyedTable, OperatorDefinition, Serializer, Stage } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { failure, refusePromise } from "./compute.ts";
import { isOver, type Mortal, touch } from "./lifetime.ts";
import { type StageOptions, stageOf, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link reduce} as data. */
export interface ReduceConfig {
  readonly by: (soFar: never, record: never) => unknown;
  readonly ttlMs?: number;
}

/** Options of {@link reduce}. */
export interface ReduceOptions extends StageOptions {
  /**
   * A key without records for this long, in milliseconds of event time, is forgotten. Without one the state grows with the number of keys, and the
   * pipeline must allow that (`unboundedState`).
   * @defaultValue never
   */
  readonly ttlMs?: number;
}

/**
 * Combines the records of each key into one value, and emits that value after every record. The first record of a key is its first value.
 *
 * The function must answer a new value rather than change the one it got: both are still in use. Where it throws, the record is rejected and the
 * value stays. The value must be plain data: it is kept in checkpoints.
 *
 * @example
 * ```ts
 * reduce((best: number, price: number) => Math.max(best, price));
 * ```
 */
export function reduce<In>(by: (soFar: In, record: In) => In, options: ReduceOptions = {}): Stage<In, In> {
  const { ttlMs, ...rest } = options;
  return stageOf(reduceOperator, { by: by as ReduceConfig["by"], ...(ttlMs === undefined ? {} : { ttlMs }) }, rest);
}

interface Reduced extends Mortal {
  value: unknown;
}

const serializer: Serializer<Reduced> = {
  name: "reduced",
  version: 1,
  write({ value, latestMs }, out) {
    out.number(latestMs);
    out.value(value);
  },
  read: (from) => ({ latestMs: from.number(), value: from.value() }),
};

/** What `reduce` stages run. */
export const reduceOperator: OperatorDefinition<ReduceConfig> = {
  type: "reduce",
  shape({ ttlMs }, [input = unknownShape]) {
    if (input.changes === "all") throw new StreamFlowError("SF_PLAN_INVALID", "reduce takes only new records, but its input also has updates and deletes", { hint: "put it before the stage that emits updates, or let that stage emit final results only" });
    checkTtl(ttlMs);
    return {
      outputs: { main: input },
      reads: ["all"],
      forwards: false,
      deterministic: true,
      stateful: true,
      needsKey: true,
      needsTime: ttlMs !== undefined,
      ...(ttlMs === undefined ? { unboundedState: "reduce keeps a value for every key; set a ttl" } : {}),
      summary: "reduce",
    };
  },
  create({ by, ttlMs }, context) {
    const { cursor, emit } = context;
    const what = `reduce "${context.node}"`;
    const table: KeyedTable<Reduced> = context.state.table("reduced", serializer);

    const push = (record: unknown): void => {
      const { key } = cursor;
      let entry = table.edit(0, key);
      if (entry === undefined) {
        entry = { value: record, latestMs: -Infinity };
        table.set(0, key, entry);
      } else {
        let value: unknown;
        try {
          value = by(entry.value as never, record as never);
          if (value === undefined) throw new StreamFlowError("SF_TYPE_MISMATCH", `${what} answered undefined`);
        } catch (thrown) {
          context.reject(failure(thrown, what), record);
          return;
        }
        refusePromise(value, what);
        entry.value = value;
      }
      touch(entry, context, ttlMs);
      emit(entry.value);
    };

    const onKeyTimer = (timeMs: number, key: unknown): void => {
      const entry = table.get(0, key);
      if (entry !== undefined && isOver(entry, ttlMs, { timeMs, key, timers: context.timers })) table.delete(0, key);
    };
    return { inputs: [push], onKeyTimer };
  },
};

/** @throws {@link StreamFlowError} SF_CONFIG_INVALID */
export function checkTtl(ttlMs: number | undefined): void {
  if (ttlMs === undefined || (Number.isSafeInteger(ttlMs) && ttlMs >= 0)) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", `ttlMs must be a whole number ≥ 0 ms, got ${String(ttlMs)}`);
}
