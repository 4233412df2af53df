// Requests to a web service: one for each record, or for a batch of them.
//   H1. A request has a key: a hash of who its records are. The same records have the same key in every attempt and after every restart, so a server
//       that remembers keys does the work once (Idempotency-Key).
//   H2. Where requests have several records, and the server remembers keys, what is sent together is decided in the checkpoint (outbox.ts): cut
//       anew after a crash, the same records would have other keys.
//   H3. Requests are begun in order; those that share a record's key wait for each other. With a concurrency of 1, all do.
//   H4. A record that the server refuses is found, by halves, and refused alone (SNK-2).
//   H5. A redirect is never followed: what was sent would go to somebody else.
import type { BackoffPolicy, Sink, SinkBatch, SinkCapabilities, SinkContext, SinkSession } from "@streamflow/core";
import { childController, StreamFlowError } from "@streamflow/core";
import { fieldReader } from "../field.ts";
import { outboxed } from "../outbox.ts";
import { type FailuresIn, failuresAt, type HttpVerdict } from "./http-answer.ts";
import { BodyWriter } from "./http-body.ts";
import { HttpClient, type HttpFetch, withoutQuery } from "./http-client.ts";
import { HttpDelivery } from "./http-delivery.ts";
import { Targets } from "./http-target.ts";
import { formatName, type RecordFormat } from "./record-bytes.ts";

/** Options of {@link httpSink}. */
export interface HttpSinkOptions<In = unknown> {
  /** Where to. `{field}` and `{outer.inner}` stand for fields of a record, percent-encoded; not in the host. Or a function of the record. */
  readonly url: string | ((value: In) => string);
  /** @defaultValue "POST" */
  readonly method?: "POST" | "PUT" | "PATCH";
  /** Sent with every request; values may name fields, as `url` may. They appear in no plan and no message. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What a body is: `json` is the record, or a list of records where they are sent in batches. @defaultValue "json" */
  readonly format?: RecordFormat;
  /** Several records in one request, as far as they have one URL and headers. @defaultValue one record a request */
  readonly batch?: { /** @defaultValue 500 */ readonly maxRecords?: number; /** @defaultValue 1 MiB */ readonly maxBytes?: number };
  /** `idempotent` promises that the server does nothing for a key that it has seen, for as long as a crash and a restart may take. @defaultValue "at-least-once" */
  readonly delivery?: "at-least-once" | "idempotent";
  /** Keeps the output of an epoch in its checkpoint, and sends it behind it. Needs `idempotent`. @defaultValue true for batches to such a server, else false */
  readonly outbox?: boolean;
  /** Header of a request's key: 32 hexadecimal digits. @defaultValue "Idempotency-Key" */
  readonly keyHeader?: string;
  /** Requests under way at once. @defaultValue 1 */
  readonly concurrency?: number;
  /** Records that are equal in these fields arrive in order. With a concurrency above 1 and no fields at all, order is not kept. @defaultValue what the plan has keyed the records by */
  readonly orderBy?: readonly string[];
  /** How long an attempt may take, its answer included, in milliseconds. @defaultValue 30_000 */
  readonly timeoutMs?: number;
  /** How a request is sent again; `Retry-After` makes a pause longer, up to a minute. @defaultValue 8 attempts; pauses of at most 100 ms at first, doubling up to 10 s */
  readonly retry?: BackoffPolicy & { readonly maxAttempts?: number };
  /**
   * What follows a status, where it is not the usual: 2xx `ok`; 408, 425, 429, 5xx, and 409 for an idempotent server `retry`; 3xx, 401, 403, 407 `fail`; all others
   * `reject`, to the dead letters.
   */
  readonly statuses?: Readonly<Record<number, HttpVerdict>>;
  /** Records of a batch that an `ok` has left out: where in the JSON of the answer a list of `{ index, message, retryable }` is, or a function. @defaultValue an ok is for all */
  readonly failures?: string | FailuresIn;
  /** What sends, for proxies and certificates. @defaultValue the `fetch` of Node */
  readonly fetch?: HttpFetch;
}

/**
 * Calls a web service with records.
 *
 * At-least-once, unless `delivery: "idempotent"` says that the server knows keys: then exactly-once, for single records where their identity is
 * stable, for batches, and with `outbox`, everywhere. A server that is down, slow or overloaded is asked again; nothing is read meanwhile. A record that
 * it refuses goes to the dead letters. Redirects are not followed.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for options that cannot work.
 * @example
 * ```ts
 * httpSink({ url: "https://api.example/users/{id}", method: "PUT", headers: { authorization: "Bearer …" }, delivery: "idempotent" });
 * ```
 */
export function httpSink<In = unknown>(options: HttpSinkOptions<In>): Sink<In> {
  check(options);
  const { batch, delivery = "at-least-once", outbox = batch !== undefined && delivery === "idempotent" } = options;
  const { maxRecords = 500, maxBytes = 1 << 20 } = batch ?? {};
  const targets = new Targets(options as HttpSinkOptions);
  const sink: Sink<In> = {
    type: "http",
    capabilities: delivery === "idempotent" ? { delivery } : atLeastOnce,
    config: configOf(options as HttpSinkOptions),
    // The outbox has cut already, by what it keeps: that is the same after a restart.
    open: async (context) => openSession(options as HttpSinkOptions, context, { targets, maxRecords: batch === undefined ? 1 : maxRecords, maxBytes: outbox ? Infinity : maxBytes }),
  };
  return outbox ? outboxed(sink, { batchRecords: maxRecords, batchBytes: maxBytes }) : sink;
}

const atLeastOnce: SinkCapabilities = { delivery: "at-least-once", reason: "may call twice for a record: its server is not said to know keys of requests (delivery: idempotent)" };

function check(options: HttpSinkOptions<never>): void {
  const { batch, delivery, outbox, headers = {} } = options;
  for (const [name, value] of Object.entries(numbersOf(options))) if (!(Number.isSafeInteger(value) && value > 0)) throw invalid(`${name} must be a positive integer, got ${value}`);
  if (outbox === true && delivery !== "idempotent") throw invalid("an outbox needs a server that knows keys", 'say delivery: "idempotent" where it does');
  if (outbox === false && delivery === "idempotent" && batch !== undefined) throw invalid("batches are idempotent only through an outbox: a crash cuts them anew", 'leave outbox out, or say delivery: "at-least-once"');
  for (const name of Object.keys(headers)) if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw invalid(`${JSON.stringify(name)} cannot be the name of a header`);
}

function numbersOf({ batch, concurrency = 1, timeoutMs = 1, retry }: HttpSinkOptions<never>): Readonly<Record<string, number>> {
  return { "batch.maxRecords": batch?.maxRecords ?? 1, "batch.maxBytes": batch?.maxBytes ?? 1, concurrency, timeoutMs, "retry.maxAttempts": retry?.maxAttempts ?? 1 };
}

function invalid(what: string, hint?: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `http sink: ${what}`, hint === undefined ? {} : { hint });
}

/** No value of a header, and no query: they hold secrets. */
function configOf(options: HttpSinkOptions): Readonly<Record<string, unknown>> {
  const { url, method = "POST", headers, format = "json", batch, delivery = "at-least-once" } = options;
  return {
    url: typeof url === "string" ? withoutQuery(url) : "a function of the record",
    method,
    format: formatName(format),
    delivery,
    ...(batch === undefined ? {} : { batch: { maxRecords: batch.maxRecords ?? 500, maxBytes: batch.maxBytes ?? 1 << 20 } }),
    ...(headers === undefined ? {} : { headers: Object.keys(headers).sort() }),
  };
}

interface SessionBounds {
  readonly targets: Targets;
  readonly maxRecords: number;
  readonly maxBytes: number;
}

function openSession(options: HttpSinkOptions, context: SinkContext, bounds: SessionBounds): SinkSession {
  const { node, pipeline, environment, schema, signal } = context;
  const { delivery, timeoutMs = 30_000, retry, statuses = {}, failures, keyHeader = "Idempotency-Key", method = "POST", concurrency = 1 } = options;
  const name = `http sink "${node}"`;
  const order = (options.orderBy ?? context.keyFields ?? []).map(fieldReader);
  const { controller, unlink } = childController(signal);
  const client = new HttpClient({
    name, fetch: options.fetch ?? (fetch as HttpFetch), environment, signal: controller.signal, timeoutMs, isKeyed: delivery === "idempotent", statuses,
    retry: { initialDelayMs: 100, maxDelayMs: 10_000, ...retry, maxAttempts: retry?.maxAttempts ?? 8 },
  });
  const requests = new HttpDelivery({
    ...bounds, name, environment, client, method, keyHeader: keyHeader.toLowerCase(), concurrency, scope: { pipeline, node }, isAlone: options.batch === undefined,
    body: new BodyWriter(options.format ?? "json", schema),
    failures: typeof failures === "string" ? failuresAt(failures) : failures,
    orderOf: order.length === 0 ? undefined : (value) => JSON.stringify(order.map((read) => String(read(value as Readonly<Record<string, unknown>>)))),
  });
  let isClosed = false;
  let last: Promise<unknown> = Promise.resolve();
  return {
    write(batch: SinkBatch) {
      if (isClosed) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `${name} is closed`);
      const written = last.then(() => requests.write(batch));
      last = written.catch(() => undefined);
      return written;
    },
    async flush() {
      await last;
    },
    async close() {
      isClosed = true;
      controller.abort();
      unlink();
      await last;
    },
  };
}
