// The one error class of StreamFlow and the helpers around it.
import { errorCodes, type ErrorCode } from "./error-codes.ts";

const brand: unique symbol = Symbol.for("streamflow.error") as never;

/** Where in a file a problem was found. Lines and columns count from 1. */
export interface SourceLocation {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Path inside the document, for example `stages[2].window.size`. */
  readonly path?: string;
}

/** What a caller may pass besides the message. */
export interface ErrorDetails {
  readonly cause?: unknown;
  /** The next command or edit that mends it. @defaultValue the hint of the code's table row */
  readonly hint?: string;
  /** Whether the same call may succeed later. @defaultValue the table's value; false for codes of third parties */
  readonly retryable?: boolean;
  readonly location?: SourceLocation;
  /** Plain facts for programs (never secrets): node ids, paths, counts. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** Codes of third parties start with `EXT_`. */
export type AnyErrorCode = ErrorCode | `EXT_${string}`;

/**
 * The only error that StreamFlow throws on purpose.
 *
 * The message says what, where, observed against expected; the hint says what to do. Secrets never appear in either.
 */
export class StreamFlowError extends Error {
  readonly code: AnyErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly location: SourceLocation | undefined;
  readonly context: Readonly<Record<string, unknown>> | undefined;

  constructor(code: AnyErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "StreamFlowError";
    this.code = code;
    const row = (errorCodes as Readonly<Record<string, { retryable: boolean; hint?: string } | undefined>>)[code];
    this.hint = details.hint ?? row?.hint;
    this.retryable = details.retryable ?? row?.retryable ?? false;
    this.location = details.location;
    this.context = details.context;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `error` is a StreamFlowError, also one made by another copy of this package; with `code`, of that code. */
  static is(error: unknown, code?: AnyErrorCode): error is StreamFlowError {
    if (typeof error !== "object" || error === null || !(brand in error)) return false;
    return code === undefined || (error as unknown as StreamFlowError).code === code;
  }
}

/** One failed element of a batch that was partly written. */
export interface BatchFailure {
  /** Index of the record in the batch that was handed over. */
  readonly index: number;
  readonly error: StreamFlowError;
}

/** A batch of which some records failed; the others were written. */
export class BatchError extends StreamFlowError {
  readonly failures: readonly BatchFailure[];

  constructor(message: string, failures: readonly BatchFailure[], details: ErrorDetails = {}) {
    super("SF_SINK_PARTIAL", message, { retryable: failures.every((f) => f.error.retryable), ...details });
    this.name = "BatchError";
    this.failures = failures;
  }
}

/** Turns anything thrown into a StreamFlowError; one that already is passes through. */
export function toStreamFlowError(thrown: unknown, code: AnyErrorCode, what: string): StreamFlowError {
  if (StreamFlowError.is(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new StreamFlowError(code, `${what}: ${message}`, { cause: thrown });
}
