// One request, sent until the server has decided on it.
//   T1. A request that is sent again is the same, byte for byte, under the same key.
//   T2. Every attempt ends: with an answer, a failed connection, the time-out, or the end of the pipeline.
//   T3. What is read of an answer is bounded; the rest is given up.
import { backoffDelayMs, type BackoffPolicy, deadline, type Environment, isAbort, sleep, StreamFlowError } from "@streamflow/core";
import { type HttpAnswer, type HttpVerdict, retryAfterMs, verdictOf } from "./http-answer.ts";

/** What is used of an answer of `fetch`. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** What is used of `fetch`. */
export type HttpFetch = (url: string, request: { readonly method: string; readonly headers: Record<string, string>; readonly body: Uint8Array<ArrayBuffer>; readonly redirect: "manual"; readonly signal: AbortSignal }) => Promise<HttpResponse>;

/** A request, ready to be sent. */
export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** How requests are sent. */
export interface HttpClientOptions {
  /** For messages: `http sink "out"`. */
  readonly name: string;
  readonly fetch: HttpFetch;
  readonly environment: Pick<Environment, "clock" | "random">;
  readonly signal: AbortSignal;
  /** Of one attempt, its answer included. */
  readonly timeoutMs: number;
  readonly retry: BackoffPolicy & { readonly maxAttempts: number };
  /** Whether the server knows the keys of requests. */
  readonly isKeyed: boolean;
  readonly statuses: Readonly<Record<string, HttpVerdict>>;
}

const mostOfAnswer = 1 << 20;
/** A server that asks for longer is asked again after this. */
const longestRetryAfterMs = 60_000;
const shown = 300;

/** Sends requests. */
export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /**
   * Sends a request, again where that may help, and answers what the server has decided: `ok` or `reject`.
   *
   * @throws {@link StreamFlowError} SF_SINK_UNAVAILABLE or SF_TIMEOUT where attempts are used up; SF_SINK_FAILED for an answer that is wrong for every
   * record; SF_ABORTED at the end of the pipeline.
   */
  async send(request: HttpRequest): Promise<{ readonly verdict: "ok" | "reject"; readonly answer: HttpAnswer; readonly error: StreamFlowError }> {
    const { retry, environment, signal } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const { verdict, answer, error, afterMs } = await this.#attempt(request);
      if (verdict === "ok" || verdict === "reject") return { verdict, answer, error };
      if (verdict === "fail") throw error;
      // Not tried again by whoever called: it has been, here.
      if (attempt >= retry.maxAttempts) throw new StreamFlowError(error.code, `${error.message} (${attempt} attempts)`, { cause: error, retryable: false });
      await sleep(environment.clock, Math.max(afterMs, backoffDelayMs(retry, attempt - 1, environment.random)), signal);
    }
  }

  /** The pause before retry number `retry`. @throws {@link StreamFlowError} SF_SINK_UNAVAILABLE where attempts are used up */
  async pause(retry: number, what: string): Promise<void> {
    const { retry: policy, environment, signal } = this.#options;
    if (retry + 1 >= policy.maxAttempts) throw new StreamFlowError("SF_SINK_UNAVAILABLE", what, { retryable: false });
    await sleep(environment.clock, backoffDelayMs(policy, retry, environment.random), signal);
  }

  async #attempt(request: HttpRequest): Promise<{ readonly verdict: HttpVerdict; readonly answer: HttpAnswer; readonly error: StreamFlowError; readonly afterMs: number }> {
    const { statuses, isKeyed, environment } = this.#options;
    try {
      const { response, text } = await this.#exchange(request);
      const { status } = response;
      const verdict = statuses[status] ?? verdictOf(status, isKeyed);
      const asked = retryAfterMs(response.headers.get("retry-after"), environment.clock.nowMs());
      return { verdict, answer: { status, text }, error: this.#errorOf(request, { response, text, verdict }), afterMs: Math.min(asked, longestRetryAfterMs) };
    } catch (thrown) {
      if (isAbort(thrown) || this.#options.signal.aborted) throw thrown;
      return { verdict: "retry", answer: { status: 0, text: "" }, error: this.#unreachable(request, thrown), afterMs: 0 };
    }
  }

  /** Sends it once and reads the answer, both within the time-out. */
  #exchange({ url, method, headers, body }: HttpRequest): Promise<{ readonly response: HttpResponse; readonly text: string }> {
    const { fetch, environment, timeoutMs, signal, name } = this.#options;
    return deadline(async (within) => {
      const response = await fetch(url, { method, headers: { ...headers }, body, redirect: "manual", signal: within });
      return { response, text: await textOf(response) };
    }, { clock: environment.clock, timeoutMs, what: `${name}: ${method} ${withoutQuery(url)}`, signal });
  }

  #errorOf({ url, method }: HttpRequest, { response, text, verdict }: { readonly response: HttpResponse; readonly text: string; readonly verdict: HttpVerdict }): StreamFlowError {
    const { status, headers } = response;
    const place = headers.get("location");
    const said = place !== null && status >= 300 && status < 400 ? `, which points to ${withoutQuery(place)}` : text.trim() === "" ? "" : `: ${text.trim().slice(0, shown)}`;
    const message = `${this.#options.name}: ${method} ${withoutQuery(url)} answered ${status}${said}`;
    const context = { status };
    if (verdict === "retry") return new StreamFlowError("SF_SINK_UNAVAILABLE", message, { context });
    if (verdict === "reject") return new StreamFlowError("SF_SINK_REJECTED", message, { context });
    return new StreamFlowError("SF_SINK_FAILED", message, { context, ...(place === null ? {} : { hint: "redirects are not followed: give the sink the new URL" }) });
  }

  #unreachable({ url, method }: HttpRequest, thrown: unknown): StreamFlowError {
    if (StreamFlowError.is(thrown)) return thrown;
    // `fetch failed` says nothing; its cause does.
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    const why = cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : String(cause);
    return new StreamFlowError("SF_SINK_UNAVAILABLE", `${this.#options.name}: ${method} ${withoutQuery(url)} got no answer: ${why}`, { cause: thrown });
  }
}

/** A URL as it may be shown: secrets are often in its query. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : `${url.slice(0, end)}?…`;
}

async function textOf({ body }: HttpResponse): Promise<string> {
  if (body === null) return "";
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    pieces.push(piece);
    length += piece.length;
    if (length > mostOfAnswer) break;
  }
  return new TextDecoder().decode(Buffer.concat(pieces).subarray(0, mostOfAnswer));
}
