// Topics of Kafka, exactly once or at least once. What exactly-once rests on: docs/adr/0013-kafka.md and owners.ts.
import { abortable, type Sink, type SinkCapabilities, type SinkContext, type SinkSession, StreamFlowError } from "@streamflow/core";
import { checkConnection, describeConnection, invalid, type KafkaConnection, kafkaError } from "@streamflow/kafka";
import { formatName, type RecordFormat } from "../connectors/record-bytes.ts";
import { sinkFirstSession } from "../exactly-once.ts";
import { BatchWriter, type WriterParts } from "./batch-writer.ts";
import { kafkaJsProducer } from "./kafkajs-producer.ts";
import { Owners } from "./owners.ts";
import type { KafkaCompression, KafkaProducer } from "./producer.ts";
import { isTopicName, RecordForm } from "./record-form.ts";
import { HeldBytes, Staging } from "./staging.ts";
import { Topics } from "./topics.ts";
import { wireProducer } from "./wire-producer.ts";

/** Options of {@link kafkaSink}. */
export interface KafkaSinkOptions extends KafkaConnection {
  /** Topic; `{field}` and `{outer.inner}` stand for fields of a record, `{{` and `}}` for braces. It must be there. */
  readonly topic: string;
  /** Key of a record, written like `topic`. Records of one key are in one partition, the one that the Java client chooses. @defaultValue none: partitions take turns */
  readonly key?: string;
  /** How a record becomes a value. @defaultValue "json" */
  readonly format?: RecordFormat;
  /** Headers by name; values are written like `topic`. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Number of the partition, written like `topic`. @defaultValue by the key */
  readonly partition?: string;
  /** `exactly-once`: readers of committed records see an epoch whole, once. `at-least-once`: each record at once, some twice after a crash. @defaultValue "exactly-once" */
  readonly delivery?: "exactly-once" | "at-least-once";
  /** How batches are made smaller. @defaultValue "none" */
  readonly compression?: KafkaCompression;
  /** A batch of this size is sent. Below `max.message.bytes` of the topic. @defaultValue 256 KiB */
  readonly batchBytes?: number;
  /** Bytes that may wait for the brokers. @defaultValue 32 MiB */
  readonly bufferBytes?: number;
  /** How long a batch, or a step of a commit, is tried before the pipeline restarts, in milliseconds. @defaultValue 60_000 */
  readonly deliveryTimeoutMs?: number;
  /** The broker aborts a transaction that is open for longer, in milliseconds: more than a checkpoint takes to come. @defaultValue 60_000 */
  readonly transactionTimeoutMs?: number;
  /** Transactional ids begin with it: access rules may name it. @defaultValue "streamflow" */
  readonly transactionalIdPrefix?: string;
  /** The compacted topic that says how far each shard has committed; made where it is missing. */
  readonly heads?: {
    /** @defaultValue "streamflow-heads" */
    readonly topic?: string;
    /** @defaultValue as the brokers are set up */
    readonly replicationFactor?: number;
  };
}

const kibi = 1024;
const compressions: readonly string[] = ["none", "gzip", "snappy", "lz4", "zstd"] satisfies readonly KafkaCompression[];
const defaults = {
  delivery: "exactly-once", compression: "none", batchBytes: 256 * kibi, bufferBytes: 32 * kibi * kibi, deliveryTimeoutMs: 60_000, transactionTimeoutMs: 60_000, transactionalIdPrefix: "streamflow", headsTopic: "streamflow-heads",
} as const;

/**
 * Writes records into topics of Kafka.
 *
 * Exactly-once (transactional, sink-first): an epoch's records, the positions that they were made from, and the offsets of a Kafka source on the same
 * cluster are one transaction; readers must ask for committed records (`isolation.level=read_committed`). At-least-once: without transactions, and at
 * once. With a `key`, a delete writes a tombstone.
 *
 * Needs `@platformatic/kafka`, or `kafkajs` with `driver: "kafkajs"`.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for options that cannot work, and on open for a topic that is missing; SF_CLIENT_MISSING,
 * SF_SINK_UNAVAILABLE.
 * @example
 * ```ts
 * kafkaSink({ brokerList: ["127.0.0.1:9092"], topic: "delays", key: "{carrier}" });
 * ```
 */
export function kafkaSink<In = unknown>(options: KafkaSinkOptions): Sink<In> {
  check(options);
  const { topic, key, format = "json", headers, partition, delivery = defaults.delivery, compression = defaults.compression, heads, transactionalIdPrefix } = options;
  const isExactlyOnce = delivery === "exactly-once";
  return {
    type: "kafka",
    capabilities: capabilities(isExactlyOnce),
    config: {
      ...describeConnection(options), topic, format: formatName(format), delivery,
      ...(key === undefined ? {} : { key }), ...(partition === undefined ? {} : { partition }), ...(headers === undefined ? {} : { headers: { ...headers } }),
      ...(compression === "none" ? {} : { compression }),
      ...(isExactlyOnce ? { heads: heads?.topic ?? defaults.headsTopic, transactionalIdPrefix: transactionalIdPrefix ?? defaults.transactionalIdPrefix } : {}),
    },
    needs: { insertOnly: key === undefined },
    open: (context) => openSession(options, context),
  };
}

function capabilities(isExactlyOnce: boolean): SinkCapabilities {
  if (isExactlyOnce) return { delivery: "transactional", commitOrder: "sink-first" };
  return { delivery: "at-least-once", reason: 'writes without transactions; with delivery: "exactly-once" an epoch is one transaction' };
}

const what = "kafka sink";

function check(options: KafkaSinkOptions): void {
  checkConnection(options, what);
  checkTopics(options);
  const { delivery, compression, heads, batchBytes, bufferBytes, deliveryTimeoutMs, transactionTimeoutMs, transactionalIdPrefix } = options;
  oneOf("delivery", delivery, ["exactly-once", "at-least-once"]);
  oneOf("compression", compression, compressions);
  for (const [name, value] of Object.entries({ batchBytes, bufferBytes, deliveryTimeoutMs, transactionTimeoutMs, "heads.replicationFactor": heads?.replicationFactor })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) throw invalid(what, `${name} must be a positive integer, got ${value}`);
  }
  const useless = delivery === "at-least-once" ? Object.entries({ heads, transactionTimeoutMs, transactionalIdPrefix }).find(([, value]) => value !== undefined) : undefined;
  if (useless !== undefined) throw invalid(what, `${useless[0]} has no meaning for at-least-once`);
}

function checkTopics(options: KafkaSinkOptions): void {
  if (options.topic === "") throw invalid(what, "a topic is needed");
  const { constantTopic } = new RecordForm({ ...options, format: "json" }, undefined);
  for (const name of [constantTopic, options.heads?.topic]) {
    if (name !== undefined && !isTopicName(name)) throw invalid(what, `${JSON.stringify(name)} is no name of a topic: at most 249 letters, digits, dots, dashes and underscores`);
  }
}

function oneOf(name: string, value: string | undefined, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value)) throw invalid(what, `${name} must be one of ${known.join(", ")}, got ${value}`);
}

async function openSession(options: KafkaSinkOptions, context: SinkContext): Promise<SinkSession> {
  const { environment, node, schema, signal } = context;
  const name = `Kafka sink "${node}"`;
  const { compression = defaults.compression, transactionTimeoutMs = defaults.transactionTimeoutMs, deliveryTimeoutMs = defaults.deliveryTimeoutMs } = options;
  const make = options.driver === "kafkajs" ? kafkaJsProducer : wireProducer;
  const { clock, random, logger } = environment;
  const producer = await make({ connection: options, what: name, compression, transactionTimeoutMs, deliveryTimeoutMs, clock, random, logger });
  const toError = (thrown: unknown): StreamFlowError => kafkaError(thrown, "sink", `${name}: ${options.brokerList.join(", ")}`);
  const form = new RecordForm(options, schema);
  const topics = new Topics(producer, name);
  const parts: SessionParts = { options, context, name, producer, form, topics, toError, held: new HeldBytes(options.bufferBytes ?? defaults.bufferBytes) };
  try {
    const cluster = await abortable(connect(parts), signal);
    return options.delivery === "at-least-once" ? directSession(parts) : transactionalSession(parts, cluster);
  } catch (error) {
    await producer.close();
    throw toError(error);
  }
}

interface SessionParts extends WriterParts {
  readonly options: KafkaSinkOptions;
  readonly producer: KafkaProducer;
  readonly toError: (thrown: unknown) => StreamFlowError;
}

/** Answers the id of the cluster. */
async function connect({ options, producer, form, topics }: SessionParts): Promise<string> {
  const cluster = await producer.open();
  if (form.constantTopic !== undefined) await topics.look([form.constantTopic]);
  if (options.delivery === "at-least-once") return cluster;
  const { topic: heads = defaults.headsTopic, replicationFactor = -1 } = options.heads ?? {};
  if ((await producer.topic(heads)) === undefined) {
    await producer.createCompacted(heads, replicationFactor);
    await producer.topic(heads);
  }
  return cluster;
}

function transactionalSession(parts: SessionParts, cluster: string): SinkSession {
  const { options, context, name, producer, held, toError } = parts;
  const { environment, node, pipeline, signal } = context;
  const { transactionalIdPrefix: prefix = defaults.transactionalIdPrefix, batchBytes = defaults.batchBytes, heads } = options;
  const owners = new Owners({ producer, cluster, prefix, pipeline, node, heads: heads?.topic ?? defaults.headsTopic, batchBytes, held, environment, toError });
  const writer = new BatchWriter(parts, {
    stagingOf: (shard) => owners.ready(shard)?.staging,
    claim: (shards) => owners.claim(shards),
    sendAll: () => owners.sendAll(),
    explain: (thrown) => owners.explain(thrown),
  });
  return sinkFirstSession({
    name,
    stage: (batch) => writer.write(batch),
    transact: (transaction) => abortable(owners.transact(transaction), signal),
    reset: () => owners.reset(),
    close: () => producer.close(),
  });
}

function directSession(parts: SessionParts): SinkSession {
  const { options, context, name, producer, held, toError } = parts;
  const staging = new Staging({ producer, delivery: producer.delivery(), held, batchBytes: options.batchBytes ?? defaults.batchBytes });
  const explain = async (thrown: unknown): Promise<StreamFlowError> => lasting(toError(thrown));
  const writer = new BatchWriter(parts, { stagingOf: () => staging, claim: async () => undefined, sendAll: () => staging.sendAll(), explain });
  let isClosed = false;
  const mustBeOpen = (step: string): void => {
    if (isClosed) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `${name} is closed: ${step} is not possible`);
  };
  return {
    write(batch) {
      mustBeOpen("write");
      const written = writer.write(batch);
      // What comes while a request is under way goes with the next one.
      if (staging.isIdle) staging.sendAll();
      return written;
    },
    async flush() {
      mustBeOpen("flush");
      try {
        await abortable(staging.settled(), context.signal);
      } catch (thrown) {
        throw await explain(thrown);
      }
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      staging.forget();
      await producer.close();
    },
  };
}

/** What was written before cannot be written again in place: only the pipeline has it. */
function lasting(error: StreamFlowError): StreamFlowError {
  return error.retryable ? new StreamFlowError(error.code, error.message, { cause: error, retryable: false, ...(error.hint === undefined ? {} : { hint: error.hint }) }) : error;
}
