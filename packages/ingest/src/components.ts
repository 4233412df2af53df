// The components that pipelines may name in configuration: sources and decoders.
import {
  brokerCapability, clientCapability, type ComponentContext, type ComponentReference, type ComponentSpec, type ConfigField, type DecoderFactory, firstOf, gateCapability, type Schema,
} from "@streamflow/core";
import { connectionFields, kafkaClients } from "@streamflow/kafka";
import { brokerSettings, plannedConsumers } from "./broker-consumers.ts";
import { csv, type CsvOptions } from "./codecs/csv/csv.ts";
import { lines } from "./codecs/lines.ts";
import { ndjson, type NdjsonOptions } from "./codecs/ndjson/ndjson.ts";
import type { Compression } from "./files/content.ts";
import { fileSource } from "./sources/file.ts";
import { type KafkaSourceOptions, kafkaSource } from "./kafka/kafka-source.ts";
import { stdinSource } from "./sources/stdin.ts";
import type { JsonSchema } from "./validation/prepare-schema.ts";
import { validated } from "./validation/validated.ts";

type Config = Readonly<Record<string, unknown>>;

const ndjsonDecoder: ComponentSpec<"decoder"> = {
  kind: "decoder",
  type: "ndjson",
  summary: "Decodes newline-delimited JSON: one value a line.",
  fields: { strict: { type: { kind: "boolean" }, doc: "Whether every record is parsed whole, and none by a scanner made for its layout: the same results, several times slower.", default: false } },
  example: "type: ndjson\n",
  create: (config) => ndjson(config as NdjsonOptions),
};

const csvDecoder: ComponentSpec<"decoder"> = {
  kind: "decoder",
  type: "csv",
  summary: "Decodes comma-separated values (RFC 4180).",
  fields: {
    delimiter: { type: { kind: "string" }, doc: "One ASCII character between fields.", default: "," },
    header: { type: { kind: "boolean" }, doc: "Whether the first record names the columns.", default: true },
    columns: { type: { kind: "list", item: { kind: "string" }, min: 1 }, doc: "Names of the columns; with a header, instead of its names." },
    strict: { type: { kind: "boolean" }, doc: "Whether every record is taken apart cell by cell, and none by a scanner made for its columns: the same results, several times slower.", default: false },
  },
  example: 'type: csv\ndelimiter: ";"\ncolumns: [id, delay]\nheader: false\n',
  create: (config) => csv(config as CsvOptions),
};

const linesDecoder: ComponentSpec<"decoder"> = {
  kind: "decoder",
  type: "lines",
  summary: "Decodes text, one record a line: each record is a string.",
  fields: {},
  example: "type: lines\n",
  create: () => lines(),
};

const resolve = (name: string): unknown => import.meta.resolve(name);

const recordFields = [["key", "the key, as text"], ["topic", "the topic"], ["partition", "the number of the partition"], ["offset", "the offset"], ["timestamp", "the time of the record"], ["headers", "the headers, as text"]] as const;

/** Fields that every source of bytes has. */
const decoding: Readonly<Record<string, ConfigField>> = {
  schema: { type: { kind: "schema" }, doc: "Type of a record. A record is then exactly these fields, and one that does not fit is rejected." },
  maxRecordBytes: { type: { kind: "size", minBytes: 1 }, doc: "A longer record is rejected.", default: "16MiB" },
};

const file: ComponentSpec<"source"> = {
  kind: "source",
  type: "file",
  summary: "Reads files: NDJSON, CSV, lines or Parquet, plain or gzip. Replayable and bounded.",
  fields: {
    path: { type: { kind: "string" }, doc: "One file. Exactly one of path, paths and folder is given." },
    paths: { type: { kind: "list", item: { kind: "string" }, min: 1 }, doc: "Several files, in this order." },
    folder: { type: { kind: "string" }, doc: "All files of a folder, by name, without sub-folders and names that start with a dot." },
    suffix: { type: { kind: "string" }, doc: "Of a folder, only names with this ending." },
    format: { type: { kind: "either", options: [{ kind: "string", oneOf: ["parquet"] }, { kind: "component", of: "decoder" }] }, doc: "What the files are written in: parquet, or a decoder. Without it, the ending of the first name decides." },
    compression: { type: { kind: "string", oneOf: ["auto", "none", "gzip"] }, doc: "How the files are compressed; auto looks at their first bytes. Parquet has its own compression.", default: "auto" },
    partitions: { type: { kind: "string", oneOf: ["per-file", "one"] }, doc: "Whether each file is a partition of its own, or all files are one, in their order.", default: "per-file" },
    ...decoding,
    chunkBytes: { type: { kind: "size", minBytes: 1 }, doc: "Bytes read from the disk at a time.", default: "960KiB" },
    parallelism: { type: { kind: "integer", min: 1, max: 256 }, doc: "How many threads read NDJSON of a schema, the pipeline's own among them; a compressed file is read by one. The pipeline's parallelism where it is not given." },
    maxDecompressedBytes: { type: { kind: "size", minBytes: 1 }, doc: "Bytes that a compressed file may decompress to; unlimited without it." },
  },
  example: 'type: file\npath: flights.csv.gz\nformat: { type: csv, delimiter: ";" }\nschema: { id: int64, delay: float64? }\n',
  create: (config, context) => {
    const { format, compression, partitions, ...rest } = config;
    return fileSource({
      ...rest,
      baseFolder: context.folder,
      ...(compression === undefined ? {} : { compression: compression as Compression }),
      ...(partitions === undefined ? {} : { partitions: partitions as "per-file" | "one" }),
      ...(format === undefined ? {} : { format: format === "parquet" ? format : decoderOf(format, context) }),
    });
  },
};

const stdin: ComponentSpec<"source"> = {
  kind: "source",
  type: "stdin",
  summary: "Reads records from standard input. At-most-once across a restart: standard input cannot be read again.",
  fields: {
    format: { type: { kind: "component", of: "decoder" }, doc: "What the input is written in; ndjson without it." },
    ...decoding,
  },
  example: "type: stdin\nformat: lines\n",
  create: (config, context) => {
    const { format, ...rest } = config as Config & { readonly maxRecordBytes?: number; readonly schema?: Schema };
    return stdinSource({ ...rest, ...(format === undefined ? {} : { format: decoderOf(format, context) }) });
  },
};

const kafka: ComponentSpec<"source"> = {
  kind: "source",
  type: "kafka_consumer",
  capability: (environment) => firstOf(gateCapability("kafka_consumer", environment), clientCapability({ ...kafkaClients.platformatic, type: "kafka_consumer", resolve }), brokerCapability(brokerSettings.kafka_consumer, environment)),
  summary: "Reads topics of Kafka, exactly once. Needs the package @platformatic/kafka, or kafkajs.",
  fields: {
    ...connectionFields,
    brokerList: { ...connectionFields["brokerList"]!, doc: "Some of the brokers, each host:port; the others are found through them. Without it, FLOW_KAFKA_BROKERS of the process.", required: false },
    topic: { type: { kind: "string" }, doc: "One topic. Exactly one of topic, topics and pattern is given." },
    topics: { type: { kind: "list", item: { kind: "string" }, min: 1 }, doc: "Several topics." },
    pattern: { type: { kind: "string" }, doc: "Regular expression that the whole name of a topic matches; topics that come later are read as well." },
    group: { type: { kind: "string" }, doc: "Consumer group: partitions are spread over the processes that run the pipeline with it. Without it this process reads all." },
    start: {
      type: { kind: "either", options: [{ kind: "string", oneOf: ["earliest", "latest", "committed"] }, { kind: "object", fields: { atMs: { type: { kind: "integer", min: 0 }, doc: "UTC epoch milliseconds: the first record at or after it.", required: true } } }, { kind: "object", fields: { positions: { type: { kind: "map", value: { kind: "string" } }, doc: "Offset of each partition, by its name: `orders-0`.", required: true } } }] },
      doc: "Where a partition starts of which there is no checkpoint; committed: where the group stands, else at the earliest.", default: "earliest",
    },
    whenGone: { type: { kind: "string", oneOf: ["fail", "earliest"] }, doc: "What to do where records at the position are gone, by retention or because the topic was made anew.", default: "fail" },
    bounded: { type: { kind: "boolean" }, doc: "Whether reading ends where the partitions end when it begins. Not with a group.", default: false },
    format: { type: { kind: "either", options: [{ kind: "string", oneOf: ["json", "text", "csv"] }, { kind: "component", of: "decoder" }] }, doc: "What values are written in.", default: "json" },
    schema: { type: { kind: "schema" }, doc: "Type of a value. A record is then exactly its fields, and one that does not fit is rejected." },
    fields: { type: { kind: "object", fields: Object.fromEntries(recordFields.map(([name, doc]) => [name, { type: { kind: "string" }, doc: `Name of a field for ${doc}.` }])) }, doc: "What else becomes a field of the record, and its name there." },
    tombstones: { type: { kind: "string", oneOf: ["reject", "skip"] }, doc: "What becomes of a message without a value: a dead letter, or nothing.", default: "reject" },
    isolation: { type: { kind: "string", oneOf: ["committed", "uncommitted"] }, doc: "Whether only what transactions have committed is read.", default: "committed" },
    maxRecordBytes: { type: { kind: "size", minBytes: 1 }, doc: "A longer value is rejected.", default: "16MiB" },
    fetchBytes: { type: { kind: "size", minBytes: 1 }, doc: "Bytes of one fetch of one partition, about.", default: "1MiB" },
    maxWaitMs: { type: { kind: "duration", minMs: 1 }, doc: "How long a broker waits for something to send.", default: "500ms" },
    sessionTimeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "Driver kafkajs: a member that was not heard of for so long has lost its partitions.", default: "30s" },
    rebalanceTimeoutMs: { type: { kind: "duration", minMs: 1 }, doc: "How long a process may take to let go of a partition.", default: "5m" },
    metadataMaxAgeMs: { type: { kind: "duration", minMs: 1 }, doc: "How often new topics and partitions are looked for without a group.", default: "1m" },
  },
  example: 'type: kafka_consumer\nbrokerList: ["127.0.0.1:9092"]\ntopic: orders\ngroup: billing\nschema: { id: int64, price: float64 }\n',
  create: (config, context) => {
    const { format, ...rest } = config as unknown as KafkaSourceOptions & { readonly format?: unknown };
    return kafkaSource({ ...rest, ...(format === undefined ? {} : { format: typeof format === "string" ? (format as "json") : decoderOf(format, context) }) });
  },
};

const jsonSchemaSource: ComponentSpec<"source"> = {
  kind: "source",
  type: "validated",
  summary: "Checks the records of any other source against a JSON Schema, and rejects those that do not satisfy it. In YAML, `jsonSchema` beside the fields of a source means the same.",
  fields: {
    source: { type: { kind: "component", of: "source" }, doc: "The source whose records are checked.", required: true },
    jsonSchema: { type: { kind: "json" }, doc: "JSON Schema (draft 2020-12, 2019-09 or draft-07) that each record must satisfy.", required: true },
  },
  example: "type: validated\nsource: { type: stdin }\njsonSchema: { type: object, required: [id] }\n",
  create: (config, context) => {
    const { type, config: inner } = config["source"] as ComponentReference;
    return validated(context.component("source", type, inner), config["jsonSchema"] as JsonSchema);
  },
};

function decoderOf(format: unknown, context: ComponentContext): DecoderFactory {
  const { type, config } = format as ComponentReference;
  return context.component("decoder", type, config);
}

/** The sources and decoders of this package, for a `Registry`. */
export const ingestComponents: readonly ComponentSpec[] = [file, stdin, kafka, jsonSchemaSource, ...plannedConsumers, ndjsonDecoder, csvDecoder, linesDecoder];
