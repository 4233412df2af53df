// What operators compute from records: expressions and functions, compiled once, failing per record.
import { type Compute, compileCompute, type FunctionTable, type Projection, type Schema, StreamFlowError, toStreamFlowError } from "@streamflow/core";

/** A compiled computation. */
export type Computed = ReturnType<typeof compileCompute>;

/** Compiles for the records of one input. */
export function compute(what: unknown, schema: Schema | undefined, functions: FunctionTable): Computed {
  return compileCompute(what as Compute, schema, functions);
}

/**
 * The error that a record is rejected with.
 * @throws {@link StreamFlowError} SF_STAGE_PROMISE again: no record can be processed right, so the pipeline fails.
 */
export function failure(thrown: unknown, what: string): StreamFlowError {
  if (StreamFlowError.is(thrown, "SF_STAGE_PROMISE")) throw thrown;
  return toStreamFlowError(thrown, "SF_STAGE_FAILED", what);
}

/**
 * Fails the pipeline where a function that must be synchronous is not: its result would be lost, or taken for true.
 * @throws {@link StreamFlowError} SF_STAGE_PROMISE
 */
export function refusePromise(value: unknown, what: string): void {
  if (!isPromise(value)) return;
  throw new StreamFlowError("SF_STAGE_PROMISE", `the function of ${what} returned a promise`);
}

/** Whether a function has answered that it will answer later. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { readonly then?: unknown }).then === "function";
}

/** The fields that several computations read together. */
export function readsOf(...computed: readonly { readonly fields: Projection }[]): Projection {
  const paths = new Map<string, readonly string[]>();
  for (const { fields } of computed) {
    if (fields === "all") return "all";
    for (const path of fields) paths.set(JSON.stringify(path), path);
  }
  return [...paths.values()];
}

/** Whether equal records give equal results: functions are taken at their word, expressions are asked. */
export function isPure(what: unknown, functions: FunctionTable): boolean {
  if (typeof what !== "object" || what === null) return true;
  const node = what as { readonly kind?: unknown; readonly function?: unknown };
  if (node.kind === "call" && functions.get(String(node.function))?.pure === false) return false;
  return Object.values(what).every((part) => isPure(part, functions));
}
