// A small HTTP server: bounded requests, JSON answers, errors with a code.
import { rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { StreamFlowError, toStreamFlowError, type AnyErrorCode, type Clock, type Logger } from "@streamflow/core";

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  /** Text as it is; everything else as JSON. */
  readonly body: unknown;
  /** @defaultValue "application/json" */
  readonly contentType?: string;
}

/** A path and what answers it. `*` in the path stands for one segment. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  answer(segments: readonly string[]): Answer | Promise<Answer>;
}

/** Where and what to serve. */
export interface ServeOptions {
  /** An address of this machine; with a slash in it, the path of a Unix socket. */
  readonly address: string;
  /** 0: any free one. A Unix socket has none. */
  readonly port: number;
  readonly routes: readonly Route[];
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:8080`, or `unix:/run/streamflow.sock`. */
  readonly url: string;
  /** Lets no new request in, and ends the open ones. */
  close(): Promise<void>;
}

/** No route takes a body; a small one is read and ignored. */
const maxBodyBytes = 65_536;
const maxPathLength = 2_048;
const answerMs = 10_000;

/** Starts to listen. @throws {@link StreamFlowError} SF_CONFIG_INVALID when the address is taken or not this machine's */
export async function serve(options: ServeOptions): Promise<HttpServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384, connectionsCheckingInterval: 1_000 });
  server.maxConnections = 256;
  server.maxRequestsPerSocket = 1_000;
  server.on("request", (request, response) => void handle(request, response, options));
  await listen(server, options);
  return {
    url: urlOf(server.address(), options.address),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function urlOf(bound: ReturnType<Server["address"]>, address: string): string {
  if (bound === null || typeof bound === "string") return `unix:${address}`;
  return `http://${address.includes(":") ? `[${address}]` : address}:${bound.port}`;
}

/** Whether an address is the path of a Unix socket. */
export function isSocketPath(address: string): boolean {
  return address.includes("/");
}

async function listen(server: Server, { address, port }: ServeOptions): Promise<void> {
  const [target, where] = isSocketPath(address) ? [{ path: address }, address] : [{ host: address, port }, `${address}:${port}`];
  try {
    // A process that was killed leaves its socket behind.
    if (isSocketPath(address) && !(await answers(address))) rmSync(address, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(target, resolve);
    });
  } catch (cause) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `cannot listen on ${where}: ${(cause as Error).message}`, { cause, hint: "choose another --port or --address" });
  }
}

/** Whether a process listens on a Unix socket. What is no socket is left alone: listening there says what is wrong. */
function answers(path: string): Promise<boolean> {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return Promise.resolve(true);
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on("error", () => resolve(false));
  });
}

async function handle(request: IncomingMessage, response: ServerResponse, options: ServeOptions): Promise<void> {
  let answer: Answer;
  try {
    await readBody(request);
    answer = await within(route(request, options.routes), options.clock);
  } catch (thrown) {
    const error = toStreamFlowError(thrown, "SF_INTERNAL", "the request failed");
    if (statusOf(error.code) === 500) options.logger.error("a request failed", { method: request.method, path: request.url?.slice(0, maxPathLength), code: error.code, error: error.message });
    answer = errorAnswer(error);
  }
  send(response, answer);
}

/** The answer for an error. */
export function errorAnswer(error: StreamFlowError, status: number = (error.context?.["status"] as number | undefined) ?? statusOf(error.code)): Answer {
  const { code, message, hint } = error;
  return { status, body: { error: { code, message, ...(hint === undefined ? {} : { hint }) } } };
}

const statuses: ReadonlyMap<AnyErrorCode, number> = new Map<AnyErrorCode, number>([
  ["SF_REQUEST_INVALID", 400],
  ["SF_PIPELINE_UNKNOWN", 404],
  ["SF_LIFECYCLE_ILLEGAL", 409],
  ["SF_LEASE_HELD", 409],
  ["SF_TIMEOUT", 503],
  // What is wrong with a pipeline's file.
  ...(["SF_CONFIG_INVALID", "SF_PLAN_INVALID", "SF_PLAN_UNBOUNDED_STATE", "SF_COMPONENT_UNKNOWN", "SF_SECRET_MISSING", "SF_EXPRESSION_INVALID", "SF_DISK_FAILED"] as const).map((code) => [code, 422] as const),
]);

function statusOf(code: AnyErrorCode): number {
  return statuses.get(code) ?? 500;
}

async function route(request: IncomingMessage, routes: readonly Route[]): Promise<Answer> {
  const { method = "", headers, url = "/" } = request;
  // A browser says where a page comes from; programs do not. So no page on the web can stop a pipeline.
  if (method === "POST" && headers.origin !== undefined) throw refused(403, "requests from web pages are not taken");
  if (url.length > maxPathLength) throw refused(414, `the path is longer than ${maxPathLength} characters`);
  const segments = segmentsOf(url);
  const atPath = routes.filter(({ path }) => matches(path, segments));
  const found = atPath.find((candidate) => candidate.method === method);
  if (found !== undefined) return await found.answer(segments);
  if (atPath.length === 0) throw refused(404, `there is nothing at /${segments.join("/")}`, "GET /healthz, /readyz, /metrics or /pipelines");
  throw refused(405, `${method} is not taken here; ${[...new Set(atPath.map((candidate) => candidate.method))].join(", ")} is`);
}

function refused(status: number, message: string, hint?: string): StreamFlowError {
  return new StreamFlowError("SF_REQUEST_INVALID", message, { context: { status }, ...(hint === undefined ? {} : { hint }) });
}

function segmentsOf(url: string): readonly string[] {
  const path = url.split(/[?#]/, 1)[0] ?? "";
  try {
    return path.split("/").slice(1).map(decodeURIComponent);
  } catch {
    throw refused(400, "the path is not well encoded");
  }
}

function matches(path: string, segments: readonly string[]): boolean {
  const wanted = path.split("/").slice(1);
  return wanted.length === segments.length && wanted.every((one, at) => one === "*" || one === segments[at]);
}

async function readBody(request: IncomingMessage): Promise<void> {
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > maxBodyBytes) throw refused(413, `a body may have ${maxBodyBytes} bytes`);
  }
}

/** An answer within the time that a client waits. */
async function within(answer: Promise<Answer>, clock: Clock): Promise<Answer> {
  let cancel = (): void => undefined;
  const over = new Promise<never>((_, reject) => {
    cancel = clock.setTimer(answerMs, () => reject(new StreamFlowError("SF_TIMEOUT", `no answer within ${answerMs} ms`)));
  });
  try {
    return await Promise.race([answer, over]);
  } finally {
    cancel();
  }
}

function send(response: ServerResponse, { status, body, contentType = "application/json" }: Answer): void {
  const text = typeof body === "string" ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 413 ? { connection: "close" } : {}),
  });
  response.end(text);
}
