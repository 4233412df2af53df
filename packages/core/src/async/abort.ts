// Cancelling: what an aborted signal throws, and how to wait under one without leaking listeners.
import { StreamFlowError } from "../errors.ts";

/** The error that cancelled work ends with. The signal's reason is its cause. */
export function abortError(signal: AbortSignal, what = "the work"): StreamFlowError {
  if (StreamFlowError.is(signal.reason, "SF_ABORTED")) return signal.reason;
  return new StreamFlowError("SF_ABORTED", `${what} was cancelled`, { cause: signal.reason });
}

/** @throws {@link StreamFlowError} SF_ABORTED when the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, what?: string): void {
  if (signal?.aborted === true) throw abortError(signal, what);
}

/** Whether an error means that the work was cancelled, not that it failed: SF_ABORTED, or the platform's own AbortError. */
export function isAbort(error: unknown): boolean {
  return StreamFlowError.is(error, "SF_ABORTED") || (error instanceof Error && error.name === "AbortError");
}

/** Calls `run` when the signal is aborted, at once where it is already. Answers what takes the listener away again. */
export function onAbort(signal: AbortSignal | undefined, run: (signal: AbortSignal) => void): () => void {
  if (signal === undefined) return () => undefined;
  const listener = (): void => run(signal);
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/**
 * Waits for `work`, but no longer than until the signal is aborted. The work itself goes on; what it ends with is ignored then.
 * @throws {@link StreamFlowError} SF_ABORTED when the signal is aborted first.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined, what?: string): Promise<T> {
  if (signal === undefined) return work;
  const aborted = Promise.withResolvers<never>();
  const forget = onAbort(signal, (by) => aborted.reject(abortError(by, what)));
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    forget();
  }
}

/** A controller that is aborted with its parent, for as long as `unlink` has not been called. */
export function childController(parent: AbortSignal | undefined): { readonly controller: AbortController; readonly unlink: () => void } {
  const controller = new AbortController();
  const unlink = onAbort(parent, (by) => controller.abort(by.reason));
  return { controller, unlink };
}
