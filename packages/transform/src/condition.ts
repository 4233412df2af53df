// Conditions: three-valued at the edge, two-valued inside.
import { StreamFlowError } from "@streamflow/core";
import { type Computed, refusePromise } from "./compute.ts";

/** A compiled condition. */
export interface Condition {
  holds(this: void, record: unknown): boolean;
  /** Of what the computation answers. */
  isTrue(this: void, value: unknown): boolean;
}

/**
 * A predicate from a computation: true holds, false and null (and a missing value) do not.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID where its type is known and not bool; on a record SF_TYPE_MISMATCH for any other value, and
 * SF_STAGE_PROMISE, which fails the pipeline where no catch stands around it, for a promise.
 */
export function conditionOf(computed: Computed, what: string): Condition {
  const { evaluate, type } = computed;
  if (type !== undefined && type.type !== "bool" && type.type !== "any") {
    throw new StreamFlowError("SF_PLAN_INVALID", `${what} must be a condition, but its type is ${type.type}`, { hint: "compare it with something, such as `amount > 0`" });
  }
  const isTrue = (value: unknown): boolean => {
    if (value === true) return true;
    if (value === false || value === null || value === undefined) return false;
    refusePromise(value, what);
    throw new StreamFlowError("SF_TYPE_MISMATCH", `${what} must answer true, false or null, got ${typeof value}`);
  };
  return { holds: (record) => isTrue(evaluate(record)), isTrue };
}
