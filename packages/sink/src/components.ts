// The components that pipelines may name in configuration: sinks, encoders and the router.
import { clientCapability, type ComponentContext, type ComponentReference, type ComponentSpec, type ConfigField, type EncoderFactory, firstOf } from "@streamflow/core";
import { cdcMirror } from "./connectors/cdc-mirror.ts";
import { connectionFields, kafkaClients } from "@streamflow/kafka";
import { fileSink } from "./connectors/file.ts";
import { httpSink, type HttpSinkOptions } from "./connectors/http.ts";
import { kafkaSink, type KafkaSinkOptions } from "./kafka/kafka-sink.ts";
import { postgresSink, type PostgresSinkOptions } from "./connectors/postgres.ts";
import { redisSink, type RedisSinkOptions } from "./connectors/redis.ts";
import { sqliteSink, type SqliteSinkOptions } from "./connectors/sqlite.ts";
import { stdoutSink } from "./connectors/stdout.ts";
import { csvEncoder, type CsvEncoderOptions } from "./encoders/csv.ts";
import { linesEncoder, type LinesEncoderOptions } from "./encoders/lines.ts";
import { ndjsonEncoder, type NdjsonEncoderOptions } from "./encoders/ndjson.ts";
import { routeSpec } from "./router.ts";

/** As this package sees it: the clients are its optional peers. */
const resolve = (name: string): string => import.meta.resolve(name);

const timestamps: ConfigField = {
  type: { kind: "string", oneOf: ["iso", "ms"] },
  doc: "How fields of type timestamp are written: ISO 8601, or UTC epoch milliseconds.",
  default: "iso",
};

const ndjson: ComponentSpec<"encoder"> = {
  kind: "encoder",
  type: "ndjson",
  summary: "Encodes newline-delimited JSON: one value a line.",
  fields: { timestamps },
  example: "type: ndjson\ntimestamps: ms\n",
  create: (config) => ndjsonEncoder(config as NdjsonEncoderOptions),
};

const csv: ComponentSpec<"encoder"> = {
  kind: "encoder",
  type: "csv",
  summary: "Encodes comma-separated values (RFC 4180).",
  fields: {
    columns: { type: { kind: "list", item: { kind: "string" }, min: 1 }, doc: "Fields to write, in order; others are left out. Without it, the fields of the schema." },
    header: { type: { kind: "boolean" }, doc: "Whether the first line names the columns.", default: true },
    delimiter: { type: { kind: "string" }, doc: "One ASCII character between cells.", default: "," },
    timestamps,
  },
  example: 'type: csv\ncolumns: [carrier, delay]\ndelimiter: ";"\n',
  create: (config) => csvEncoder(config as CsvEncoderOptions),
};

const lines: ComponentSpec<"encoder"> = {
  kind: "encoder",
  type: "lines",
  summary: "Encodes text, one record a line: each record is a string, or has it in a field.",
  fields: { field: { type: { kind: "string" }, doc: "Field that holds the text. Without it, the record is the text." } },
  example: "type: lines\nfield: message\n",
  create: (config) => linesEncoder(config as LinesEncoderOptions),
};

const format: ConfigField = { type: { kind: "component", of: "encoder" }, doc: "How records are written; ndjson without it." };

const stdout: ComponentSpec<"sink"> = {
  kind: "sink",
  type: "stdout",
  summary: "Writes records to standard output. At-least-once: after a crash, records since the last checkpoint come again.",
  fields: { format },
  example: "type: stdout\nformat: { type: csv, columns: [carrier, delay] }\n",
  create: (config, context) => stdoutSink(formatIn(config, context)),
};

const file: ComponentSpec<"sink"> = {
  kind: "sink",
  type: "file",
  summary: "Writes parts into a folder, exactly once: each appears whole when its epoch is committed, and is listed in a commit log.",
  fields: {
    folder: { type: { kind: "string" }, doc: "Folder for the parts; it is created when missing.", required: true },
    format,
    maxPartBytes: { type: { kind: "size", minBytes: 1 }, doc: "A part that has reached this size is closed, and the next one begun.", default: "128MiB" },
  },
  example: "type: file\nfolder: out/delays\nformat: csv\nmaxPartBytes: 64MiB\n",
  create: (config, context) => {
    const { folder, maxPartBytes } = config as { readonly folder: string; readonly maxPartBytes?: number };
    return fileSink({ folder, baseFolder: context.folder, ...formatIn(config, context), ...(maxPartBytes === undefined ? {} : { maxPartBytes }) });
  },
};

const sqlite: ComponentSpec<"sink"> = {
  kind: "sink",
  type: "sqlite",
  summary: "Fills a table of an SQLite file, exactly once: rows and positions are one transaction.",
  fields: {
    path: { type: { kind: "string" }, doc: "Path of the database file; it is created when missing.", required: true },
    table: { type: { kind: "string" }, doc: "Table to fill; created from the schema when missing.", required: true },
    mode: { type: { kind: "string", oneOf: ["append", "upsert"] }, doc: "`append`: every record is a row; `upsert`: the last record of a key is its row, and a delete removes it.", default: "append" },
    key: { type: { kind: "list", item: { kind: "string" }, min: 1 }, doc: "Key columns of an upsert. Without it, the fields that the records are keyed by." },
    schema: { type: { kind: "schema" }, doc: "Type of a record. Without it what the plan knows, else the columns of the existing table." },
    busyTimeoutMs: { type: { kind: "duration", minMs: 0 }, doc: "How long a commit waits for transactions of other connections.", default: "10s" },
  },
  example: "type: sqlite\npath: data/flights.db\ntable: delays\nmode: upsert\nkey: [carrier]\n",
  create: (config, context) => sqliteSink({ ...(config as unknown as SqliteSinkOptions), baseFolder: context.folder }),
};

const http: ComponentSpec<"sink"> = {
  kind: "sink",
  type: "http",
  summary: "Calls a web service with each record, or with batches. Exactly-once where the server knows keys of requests (Idempotency-Key), else at-least-once.",
  fields: {
    url: { type: { kind: "string" }, doc: "Where to; `{field}` stands for a field of the record, but not in the host.", required: true },
    method: { type: { kind: "string", oneOf: ["POST", "PUT", "PATCH"] }, doc: "Method of the requests.", default: "POST" },
    headers: { type: { kind: "map", value: { kind: "string" } }, doc: "Headers by name; values may name fields, as the URL may, and are never shown.", secret: true },
    format: { type: { kind: "either", options: [{ kind: "string", oneOf: ["json"] }, { kind: "component", of: "encoder" }] }, doc: "`json`, the record or a list of records, or an encoder; json without it." },
    batch: {
      type: {
        kind: "object",
        fields: {
          maxRecords: { type: { kind: "integer", min: 1 }, doc: "Most records of one request.", default: 500 },
          maxBytes: { type: { kind: "size", minBytes: 1 }, doc: "Most bytes of one request; a larger record goes alone.", default: "1MiB" },
        },
      },
      doc: "Several records in one request; without it each has its own.",
    },
    delivery: { type: { kind: "string", oneOf: ["at-least-once", "idempotent"] }, doc: "`idempotent`: the server does nothing for a key that it has seen.", default: "at-least-once" },
    outbox: { type: { kind: "boolean" }, doc: "Whether output is kept in the checkpoint and sent behind it, so that it is exactly-once behind windows too; batches to an idempotent server always are." },
    keyHeader: { type: { kind: "string" }, doc: "Header of a request's key.", default: "Idempotency-Key" },
    concurrency: { type: { kind: "integer", min: 1 }, doc: "Requests under way at once; records of one key stay in order.", default: 1 },
    orderBy: { type: { kind: "list", item: { kind: "string" }, min: 1 }, doc: "Records equal in these fields stay in order. Without it, the fields that the records are keyed by." },
    timeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "How long an attempt may take, its answer included.", default: "30s" },
    maxAttempts: { type: { kind: "integer", min: 1 }, doc: "How often a request is sent before the pipeline restarts.", default: 8 },
    statuses: { type: { kind: "map", value: { kind: "string", oneOf: ["ok", "retry", "reject", "fail"] } }, doc: "What follows a status, where it is not the usual: 5xx and 429 retry, other 4xx reject a record, 401, 403 and redirects fail." },
    failures: { type: { kind: "string" }, doc: "Path, in the JSON of an answer that says ok, of a list of `index`, `message` and `retryable`: records that were not taken." },
  },
  example: "type: http\nurl: https://api.example/users/{id}\nmethod: PUT\nheaders: { authorization: Bearer abc }\ndelivery: idempotent\n",
  create(config, context) {
    const { maxAttempts, format: written, ...rest } = config as unknown as HttpSinkOptions & { readonly maxAttempts?: number };
    const json = written === undefined || written === "json";
    return httpSink({ ...rest, ...(json ? {} : formatIn(config, context)), ...(maxAttempts === undefined ? {} : { retry: { maxAttempts } }) });
  },
};

const postgres: ComponentSpec<"sink"> = {
  kind: "sink",
  type: "postgres",
  capability: () => firstOf(clientCapability({ type: "postgres", packages: ["pg", "pg-copy-streams"], install: "npm install pg@8 pg-copy-streams@7", resolve })),
  summary: "Fills a table of Postgres, exactly once: rows and positions are one transaction. Needs the packages pg and pg-copy-streams.",
  fields: {
    url: { type: { kind: "string" }, secret: true, doc: "Connection string: `postgres://user:password@host:port/database`.", required: true },
    table: { type: { kind: "string" }, doc: "Table to fill.", required: true },
    namespace: { type: { kind: "string" }, doc: "The schema of Postgres that the table is in. Without it, by the connection's search path." },
    mode: { type: { kind: "string", oneOf: ["append", "upsert"] }, doc: "`append`: every record is a row; `upsert`: the last record of a key is its row, and a delete removes it.", default: "append" },
    key: { type: { kind: "list", item: { kind: "string" }, min: 1 }, doc: "Key columns of an upsert. Without it, the fields that the records are keyed by." },
    schema: { type: { kind: "schema" }, doc: "Type of a record. Without it what the plan knows, else the columns of the existing table." },
    createTable: { type: { kind: "boolean" }, doc: "Whether a missing table is made from the schema.", default: true },
    timeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "How long an answer of the server is waited for, also to the statement that upserts an epoch.", default: "60s" },
  },
  example: "type: postgres\nurl: ${DATABASE_URL}\ntable: delays\nmode: upsert\nkey: [carrier]\n",
  create: (config) => postgresSink(config as unknown as PostgresSinkOptions),
};

const redis: ComponentSpec<"sink"> = {
  kind: "sink",
  type: "redis",
  capability: () => firstOf(clientCapability({ type: "redis", packages: ["ioredis"], install: "npm install ioredis@6", resolve })),
  summary: "Writes values, hashes, streams, lists or messages of Redis, exactly once: an epoch and its positions are one MULTI. Needs ioredis.",
  fields: {
    url: { type: { kind: "string" }, doc: "`redis://user:password@host:port/database`, or `rediss://` for TLS.", required: true, secret: true },
    kind: { type: { kind: "string", oneOf: ["set", "hash", "stream", "list", "publish"] }, doc: "What records become; by key: `set`, `hash`; inserts only: `stream`, `list`, `publish`.", required: true },
    key: { type: { kind: "string" }, doc: "Key or channel; `{field}` stands for a field of the record, `{{` for a brace.", required: true },
    format: { type: { kind: "either", options: [{ kind: "string", oneOf: ["json"] }, { kind: "component", of: "encoder" }] }, doc: "How a record becomes a value, for `set`, `list` and `publish`; json without it." },
    ttlMs: { type: { kind: "duration", minMs: 1 }, doc: "How long after its last record a key of `set` or `hash` goes away." },
    maxLength: { type: { kind: "integer", min: 1 }, doc: "Entries of a stream, about, or elements of a list that are kept: the newest." },
    maxEpochBytes: { type: { kind: "size", minBytes: 1 }, doc: "Most bytes that may wait for a commit.", default: "64MiB" },
    timeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "How long Redis may take for a commit.", default: "30s" },
  },
  example: "type: redis\nurl: redis://127.0.0.1:6379\nkind: hash\nkey: user:{id}\n",
  create(config, context) {
    const { format: written, ...rest } = config as unknown as RedisSinkOptions;
    const json = written === undefined || written === "json";
    return redisSink({ ...rest, ...(json ? (written === undefined ? {} : { format: "json" as const }) : formatIn(config, context)) });
  },
};

const kafka: ComponentSpec<"sink"> = {
  kind: "sink",
  type: "kafka",
  capability: () => firstOf(clientCapability({ ...kafkaClients.platformatic, type: "kafka", resolve })),
  summary: "Writes into topics of Kafka, exactly once: an epoch, its positions and the offsets of a source on the same cluster are one transaction. Needs @platformatic/kafka or kafkajs.",
  fields: {
    ...connectionFields,
    topic: { type: { kind: "string" }, doc: "Topic, which must be there; `{field}` stands for a field of the record, `{{` for a brace.", required: true },
    key: { type: { kind: "string" }, doc: "Key, written like the topic: records of one key are in one partition. Without it partitions take turns." },
    format: { type: { kind: "either", options: [{ kind: "string", oneOf: ["json"] }, { kind: "component", of: "encoder" }] }, doc: "How a record becomes a value; json without it." },
    headers: { type: { kind: "map", value: { kind: "string" } }, doc: "Headers by name; values are written like the topic." },
    partition: { type: { kind: "string" }, doc: "Number of the partition, written like the topic. Without it, by the key." },
    delivery: { type: { kind: "string", oneOf: ["exactly-once", "at-least-once"] }, doc: "`exactly-once`: readers of committed records see an epoch whole, once; `at-least-once`: without transactions.", default: "exactly-once" },
    compression: { type: { kind: "string", oneOf: ["none", "gzip", "snappy", "lz4", "zstd"] }, doc: "How batches are made smaller.", default: "none" },
    batchBytes: { type: { kind: "size", minBytes: 1 }, doc: "A batch of this size is sent; below `max.message.bytes` of the topic.", default: "256KiB" },
    bufferBytes: { type: { kind: "size", minBytes: 1 }, doc: "Bytes that may wait for the brokers.", default: "32MiB" },
    deliveryTimeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "How long a batch, or a step of a commit, is tried before the pipeline restarts.", default: "60s" },
    transactionTimeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "The broker aborts a transaction that is open for longer: more than a checkpoint takes to come.", default: "60s" },
    transactionalIdPrefix: { type: { kind: "string" }, doc: "Transactional ids begin with it.", default: "streamflow" },
    heads: {
      type: {
        kind: "object",
        fields: {
          topic: { type: { kind: "string" }, doc: "Its name.", default: "streamflow-heads" },
          replicationFactor: { type: { kind: "integer", min: 1 }, doc: "Its replicas, where it is made. Without it, as the brokers are set up." },
        },
      },
      doc: "The compacted topic that says how far each shard has committed; it is made when missing.",
    },
  },
  example: "type: kafka\nbrokerList: [127.0.0.1:9092]\ntopic: delays\nkey: \"{carrier}\"\n",
  create(config, context) {
    const { format: written, ...rest } = config as unknown as KafkaSinkOptions;
    const json = written === undefined || written === "json";
    return kafkaSink({ ...rest, ...(json ? {} : formatIn(config, context)) });
  },
};

function formatIn(config: Readonly<Record<string, unknown>>, context: ComponentContext): { readonly format?: EncoderFactory } {
  const reference = config["format"] as ComponentReference | undefined;
  return reference === undefined ? {} : { format: context.component("encoder", reference.type, reference.config) };
}

/** The sinks, encoders and the router of this package, for a `Registry`. */
export const sinkComponents: readonly ComponentSpec[] = [stdout, file, sqlite, postgres, http, redis, kafka, cdcMirror, ndjson, csv, lines, routeSpec];
