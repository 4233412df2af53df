// What an answer of a server means for the records that were sent.
import { isPlainObject, StreamFlowError } from "@streamflow/core";

/** What follows an answer: the records are there; they are sent again; they go to the dead letters; the pipeline fails and restarts. */
export type HttpVerdict = "ok" | "retry" | "reject" | "fail";

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number;
  /** Of the body, the first megabyte. */
  readonly text: string;
}

/** A record of a request that the server did not take, although it took others. */
export interface HttpFailure {
  /** Of the record in the request, from 0. */
  readonly index: number;
  readonly message: string;
  /** Whether it is sent again. @defaultValue false: to the dead letters */
  readonly retryable?: boolean;
}

/** Finds the records that were not taken in an answer that says ok. */
export type FailuresIn = (answer: HttpAnswer) => readonly HttpFailure[];

const again = new Set([408, 425, 429]);
/** Wrong for every record alike: none of them is to blame. */
const ofTheSink = new Set([401, 403, 407]);

/** What a status means where nothing else was said. 409 says that a request with this key is still in work. */
export function verdictOf(status: number, isKeyed: boolean): HttpVerdict {
  if (status >= 200 && status < 300) return "ok";
  if (status >= 500 || again.has(status) || (isKeyed && status === 409)) return "retry";
  if (status < 400 || ofTheSink.has(status)) return "fail";
  return "reject";
}

/** Milliseconds that `Retry-After` asks for: seconds, or a date. 0 without one that can be read. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const text = header.trim();
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, at - nowMs);
}

/** Failures in a list of the body: at `path`, elements with `index`, and perhaps `message` and `retryable`. */
export function failuresAt(path: string): FailuresIn {
  return ({ text, status }) => {
    if (text.trim() === "") return [];
    const list = path.split(".").reduce<unknown>((at, step) => (isPlainObject(at) && Object.hasOwn(at, step) ? at[step] : undefined), parsed(text, status));
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) throw unreadable(`"${path}" is no list`, status);
    return list.map((item) => failureOf(item, { path, status }));
  };
}

function failureOf(item: unknown, { path, status }: { readonly path: string; readonly status: number }): HttpFailure {
  if (!isPlainObject(item) || typeof item["index"] !== "number") throw unreadable(`an element of "${path}" has no number "index"`, status);
  const { index, message, retryable } = item;
  return { index: index as number, message: typeof message === "string" ? message : JSON.stringify(item), retryable: retryable === true };
}

function parsed(text: string, status: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw unreadable("it is not JSON", status, cause);
  }
}

function unreadable(what: string, status: number, cause?: unknown): StreamFlowError {
  return new StreamFlowError("SF_SINK_FAILED", `an answer ${status} does not say which records failed: ${what}`, cause === undefined ? {} : { cause });
}
