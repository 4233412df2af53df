// One connection to Redis: commands in order, a transaction, an end for every wait.
//   R1. Whatever is asked answers, or fails within `timeoutMs`. After a failure the connection is given up, and with it what it had not executed.
//   R2. Nothing is sent again by the client library: whether a transaction that got no answer was executed, the heads say.
import type { Redis } from "ioredis";
import { type Clock, deadline, StreamFlowError } from "@streamflow/core";
import type { RedisCommand } from "./redis-commands.ts";

/** What a connection needs. */
export interface RedisConnectionOptions {
  /** `redis://user:password@host:port/database`, or `rediss://` */
  readonly url: string;
  /** For messages: `Redis sink "out"`. */
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Commands sent before answers are waited for. */
const chunk = 1000;

/** A connection of its own, never shared: it may hold a transaction. Made when it is needed. */
export class RedisConnection {
  readonly #options: RedisConnectionOptions;
  #client: Redis | undefined;

  constructor(options: RedisConnectionOptions) {
    this.#options = options;
  }

  /** Runs `work` on a connection. @throws what it throws; errors of Redis and of the network with codes */
  async use<Result>(work: (client: Redis) => Promise<Result>): Promise<Result> {
    const { name, clock, signal, timeoutMs } = this.#options;
    try {
      return await deadline(async () => work(await this.#open()), { clock, signal, timeoutMs, what: `${name}: ${this.#server}` });
    } catch (error) {
      this.close();
      throw redisError(error, `${name}: ${this.#server}`);
    }
  }

  close(): void {
    this.#client?.disconnect();
    this.#client = undefined;
  }

  get #server(): string {
    return serverOf(this.#options.url);
  }

  async #open(): Promise<Redis> {
    if (this.#client?.status === "ready") return this.#client;
    this.close();
    const { Redis: Client } = await this.#library();
    const client = new Client(this.#options.url, {
      lazyConnect: true, retryStrategy: () => null, enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, connectTimeout: this.#options.timeoutMs,
    });
    let failure: unknown;
    client.on("error", (error) => (failure = error));
    this.#client = client;
    try {
      await client.connect();
    } catch (error) {
      throw failure ?? error;
    }
    return client;
  }

  async #library(): Promise<{ readonly Redis: typeof Redis }> {
    try {
      return await import("ioredis");
    } catch (thrown) {
      const { code, message = "" } = thrown as { readonly code?: string; readonly message?: string };
      if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes("'ioredis'")) throw thrown;
      throw new StreamFlowError("SF_CLIENT_MISSING", `${this.#options.name} needs the package ioredis, which is not installed`, { cause: thrown, hint: "npm install ioredis@6" });
    }
  }
}

/** Sends commands, and answers what Redis answered. @throws the first error among the answers */
export async function sendAll(client: Redis, commands: Iterable<RedisCommand>): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  let part: RedisCommand[] = [];
  const send = async (): Promise<void> => {
    const sent = part;
    part = [];
    for (const [error, answer] of (await client.pipeline(sent.map((command) => ["call", ...command])).exec()) ?? []) {
      if (error !== null) throw error;
      answers.push(answer);
    }
  };
  for (const command of commands) {
    part.push(command);
    if (part.length >= chunk) await send();
  }
  if (part.length > 0) await send();
  return answers;
}

/** What Redis says with a word at the beginning, where it is wrong now and may be right later. */
const passing = /^(LOADING|MASTERDOWN|BUSY|CLUSTERDOWN|TRYAGAIN|READONLY|OOM|NOREPLICAS|MISCONF|EXECABORT)\b/;
const refused = /^(NOAUTH|WRONGPASS|NOPERM|DENIED)\b/;
const elsewhere = /^(MOVED|ASK|CROSSSLOT)\b/;

/** Turns what the client throws into a StreamFlowError. */
export function redisError(thrown: unknown, where: string): unknown {
  if (StreamFlowError.is(thrown)) return thrown;
  const isReply = thrown instanceof Error && thrown.name === "ReplyError";
  const message = thrown instanceof Error && thrown.message !== "" ? thrown.message : String((thrown as { readonly code?: unknown } | null)?.code ?? thrown);
  const error = (code: "SF_SINK_UNAVAILABLE" | "SF_SINK_FAILED" | "SF_CONFIG_INVALID", hint?: string): StreamFlowError => new StreamFlowError(code, `${where}: ${message}`, { cause: thrown, ...(hint === undefined ? {} : { hint }) });
  if (refused.test(message) || /^ERR (invalid password|Client sent AUTH)/.test(message)) return error("SF_CONFIG_INVALID", "check user, password and permissions of the connection string");
  if (elsewhere.test(message)) return error("SF_CONFIG_INVALID", 'in a cluster, name the node of one hash slot, and give all keys of the sink one hash tag: key: "{{orders}}:{id}"');
  return isReply && !passing.test(message) ? error("SF_SINK_FAILED") : error("SF_SINK_UNAVAILABLE");
}

/** Host, port and database, and nothing else. */
export function serverOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "Redis";
  return `${parsed.hostname === "" ? "localhost" : parsed.hostname}:${parsed.port === "" ? "6379" : parsed.port}${parsed.pathname === "/" ? "" : parsed.pathname}`;
}
