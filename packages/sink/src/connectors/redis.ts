// Keys, streams, lists and channels of Redis, exactly once.
//   R1. An epoch waits in this process. Its commands, and per shard generation, epoch and positions (a hash of the sink's own), are one MULTI: all of
//       it is executed, at once, or nothing is.
//   R2. The hash is watched from before it is read until EXEC: where another process has written it meanwhile, nothing is executed, and what it now says decides.
// What Redis itself loses when it dies is lost with its heads: the pipeline goes on from there.
import type { BatchFailure, Environment, ShardId, Sink, SinkBatch, SinkContext, SinkSession } from "@streamflow/core";
import { BatchError, StreamFlowError, toStreamFlowError } from "@streamflow/core";
import type { Redis } from "ioredis";
import { reach } from "../crash-point.ts";
import { type ShardHead, sinkFirstSession, type SinkTransaction } from "../exactly-once.ts";
import { formatName, type RecordFormat } from "./record-bytes.ts";
import { EpochCommands, isByKey, type RedisCommand, RedisCommands, type RedisKind, typeOfKey } from "./redis-commands.ts";
import { RedisConnection, sendAll, serverOf } from "./redis-connection.ts";
import { template } from "./template.ts";

/** Options of {@link redisSink}. */
export interface RedisSinkOptions {
  /** `redis://user:password@host:port/database`; `rediss://` for TLS. Appears in no plan and no message, but for host, port and database. */
  readonly url: string;
  /**
   * What records become. By key, a delete removes it: `set`, a value; `hash`, a hash of the record's fields, which replaces the one before.
   * Inserts only: `stream`, an entry with the record's fields; `list`, an element at the right end; `publish`, a message.
   */
  readonly kind: RedisKind;
  /** Key or channel. `{field}` and `{outer.inner}` stand for fields of a record, `{{` and `}}` for braces. */
  readonly key: string;
  /** How a record becomes a value, for all but `hash` and `stream`. @defaultValue "json" */
  readonly format?: RecordFormat;
  /** A key goes away so long after its last record, in milliseconds; for `set` and `hash`. @defaultValue never */
  readonly ttlMs?: number;
  /** Entries of a stream, about, or elements of a list that are kept: the newest. @defaultValue all */
  readonly maxLength?: number;
  /** Bytes of commands that one epoch may have. @defaultValue 64 MiB */
  readonly maxEpochBytes?: number;
  /** How long Redis may take for a commit, in milliseconds. @defaultValue 30_000 */
  readonly timeoutMs?: number;
}

/**
 * Writes into Redis, exactly once: transactional, sink-first.
 *
 * What an epoch writes becomes visible at once when it is committed, in one MULTI with the positions that it was made from; an older owner of a shard
 * is refused. Needs the package `ioredis`. In a cluster all keys must have one hash tag, which the sink takes for its own hash.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for options that cannot work; on open SF_CLIENT_MISSING, SF_SINK_UNAVAILABLE; on write SF_BUDGET_EXCEEDED
 * beyond `maxEpochBytes`.
 * @example
 * ```ts
 * redisSink({ url: "redis://127.0.0.1:6379", kind: "hash", key: "user:{id}" });
 * ```
 */
export function redisSink<In = unknown>(options: RedisSinkOptions): Sink<In> {
  check(options);
  const { url, kind, key, format = "json", ttlMs, maxLength } = options;
  return {
    type: "redis",
    capabilities: { delivery: "transactional", commitOrder: "sink-first" },
    config: { server: serverOf(url), kind, key, ...(usefulFor[kind].includes("format") ? { format: formatName(format) } : {}), ...(ttlMs === undefined ? {} : { ttlMs }), ...(maxLength === undefined ? {} : { maxLength }) },
    needs: { insertOnly: !isByKey(kind) },
    open: (context) => openSession(options, context),
  };
}

function check(options: RedisSinkOptions): void {
  const { url, kind, key, format, ttlMs, maxLength, maxEpochBytes, timeoutMs } = options;
  if (!/^rediss?:$/.test(URL.parse(url)?.protocol ?? "")) throw invalid("url must be redis://host:port, or rediss://");
  if (key === "") throw invalid("a key is needed");
  template(key, "the key of a Redis sink", (value) => value);
  for (const [name, value] of Object.entries({ ttlMs, maxLength, maxEpochBytes, timeoutMs })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) throw invalid(`${name} must be a positive integer, got ${value}`);
  }
  const useful = usefulFor[kind];
  const useless = Object.entries({ format, ttlMs, maxLength }).find(([name, value]) => value !== undefined && !useful.includes(name));
  if (useless !== undefined) throw invalid(`${useless[0]} has no meaning for "${kind}"`);
}

/** Options that not every kind has. */
const usefulFor: Readonly<Record<RedisKind, readonly string[]>> = { set: ["format", "ttlMs"], hash: ["ttlMs"], stream: ["maxLength"], list: ["format", "maxLength"], publish: ["format"] };

function invalid(what: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `redis sink: ${what}`);
}

async function openSession(options: RedisSinkOptions, { environment, node, pipeline, schema, signal }: SinkContext): Promise<SinkSession> {
  const { url, kind, key, format = "json", ttlMs, maxLength, maxEpochBytes = 64 * 1024 * 1024, timeoutMs = 30_000 } = options;
  const name = `Redis sink "${node}"`;
  const connection = new RedisConnection({ url, name, clock: environment.clock, signal, timeoutMs });
  const commands = new RedisCommands({ kind, key, format, schema, ttlMs, maxLength });
  const target = { name, kind, environment, heads: `streamflow:{${hashTag(key) ?? `${pipeline}/${node}`}}:heads:${pipeline}/${node}` };
  let staged = new EpochCommands(kind);
  await connection.use((client) => client.ping());
  return sinkFirstSession({
    name,
    stage(batch) {
      if (staged.byteLength > maxEpochBytes) throw new StreamFlowError("SF_BUDGET_EXCEEDED", `${name}: one epoch has more than ${maxEpochBytes} bytes of commands`, { hint: "take checkpoints more often, or raise maxEpochBytes" });
      stage(batch, commands, staged);
    },
    async transact(transaction) {
      await connection.use((client) => execute(client, transaction, { ...target, output: transaction.withOutput ? staged : undefined }));
      if (transaction.withOutput) staged = new EpochCommands(kind);
    },
    async reset() {
      staged = new EpochCommands(kind);
    },
    async close() {
      connection.close();
    },
  });
}

/** @throws BatchError for records that cannot be written; the others are staged */
function stage(batch: SinkBatch, commands: RedisCommands, staged: EpochCommands): void {
  const failures: BatchFailure[] = [];
  for (let index = 0; index < batch.length; index++) {
    try {
      staged.add(commands.of(batch, index));
    } catch (thrown) {
      failures.push({ index, error: toStreamFlowError(thrown, "SF_CODEC_ENCODE", "a record cannot be written") });
    }
  }
  if (failures.length > 0) throw new BatchError(`${failures.length} of ${batch.length} records cannot be written: ${failures[0]?.error.message}`, failures);
}

interface Target {
  readonly name: string;
  readonly kind: RedisKind;
  readonly environment: Environment;
  /** Key of the hash of heads. */
  readonly heads: string;
  readonly output: EpochCommands | undefined;
}

/** One transaction, begun again for as long as others write the heads. */
async function execute(client: Redis, { shards, decide }: SinkTransaction, target: Target): Promise<void> {
  const { name, environment, heads, output } = target;
  for (;;) {
    await client.watch(heads);
    await reach(environment, "redis-sink.watched");
    const next = decide(await readHeads(client, heads, shards));
    if (output !== undefined) await checkTypes(client, target, output);
    await reach(environment, "redis-sink.decided");
    await client.call("MULTI");
    if (output !== undefined) await sendAll(client, output.commands());
    await sendAll(client, next.map((head): RedisCommand => ["HSET", heads, head.shard, JSON.stringify(head)]));
    await reach(environment, "redis-sink.queued");
    const answers = await client.call("EXEC");
    await reach(environment, "redis-sink.executed");
    if (!Array.isArray(answers)) continue;
    const failed: unknown = answers.find((answer) => answer instanceof Error);
    // Redis takes nothing back. The types were right a moment ago: somebody else has put another one there.
    if (failed !== undefined) throw new StreamFlowError("SF_SINK_FAILED", `${name}: Redis has executed an epoch in part: ${String(failed)}`, { cause: failed });
    return;
  }
}

async function readHeads(client: Redis, key: string, shards: readonly ShardId[]): Promise<ReadonlyMap<ShardId, ShardHead>> {
  if (shards.length === 0) return new Map();
  const stored = await client.hmget(key, ...shards);
  return new Map(stored.flatMap((text) => {
    if (text === null) return [];
    const head = JSON.parse(text) as ShardHead;
    return [[head.shard, head] as const];
  }));
}

/** A command on a key of another type fails inside a transaction, and nothing else of it does. */
async function checkTypes(client: Redis, { name, kind }: Target, output: EpochCommands): Promise<void> {
  const expected = typeOfKey[kind];
  if (expected === undefined) return;
  const { keys } = output;
  const types = await sendAll(client, keys.map((key): RedisCommand => ["TYPE", key]));
  const wrong = types.findIndex((type) => type !== "none" && type !== expected);
  if (wrong >= 0) throw new StreamFlowError("SF_SINK_FAILED", `${name}: key "${keys[wrong]}" is a ${String(types[wrong])}, not a ${expected}`, { hint: "name another key, or remove what is there" });
}

/** The part of a key that decides about its place in a cluster, where all keys have the same. */
function hashTag(key: string): string | undefined {
  return /\{\{([^{}]+)\}\}/.exec(key)?.[1];
}
