// Records of Kafka topics. The record's way: wire-fetcher.ts or kafkajs-consumer.ts -> message-decoder.ts -> kafka-session.ts -> core/engine/task.ts.
import { type DecoderFactory, type Infer, requireBroker, type Schema, type Source, type SourceContext, type SourceSession, StreamFlowError } from "@streamflow/core";
import { checkConnection, describeConnection, invalid, type KafkaConnection } from "@streamflow/kafka";
import { brokerSettings } from "../broker-consumers.ts";
import { csv } from "../codecs/csv/csv.ts";
import { lines } from "../codecs/lines.ts";
import { ndjson } from "../codecs/ndjson/ndjson.ts";
import type { ConsumerOptions, TopicSelection } from "./consumer-options.ts";
import { kafkaJsConsumer } from "./kafkajs-consumer.ts";
import { type KafkaStart, openKafkaSession } from "./kafka-session.ts";
import { partsOf, type RecordFields, recordFieldTypes, valueProjection, wantedFields, withFields } from "./record-fields.ts";
import { wireConsumer } from "./wire-consumer.ts";

/** Options of {@link kafkaSource}. */
export interface KafkaSourceOptions extends Omit<KafkaConnection, "brokerList"> {
  /** Some of the brokers, each `host:port`; the others are found through them. @defaultValue FLOW_KAFKA_BROKERS of the process, separated by commas */
  readonly brokerList?: readonly string[];
  /** Topics to read. Exactly one of `topic`, `topics` and `pattern` is given. */
  readonly topic?: string;
  readonly topics?: readonly string[];
  /** Regular expression (RE2) that the whole name of a topic matches; topics that come later are read as well. */
  readonly pattern?: string;
  /**
   * Consumer group: partitions are spread over the processes that run the pipeline with it, and the group is told how far reading is.
   * @defaultValue none: this process reads all partitions
   */
  readonly group?: string;
  /** Where a partition starts of which there is no checkpoint. `committed`: where the group stands, else at the earliest. @defaultValue "earliest" */
  readonly start?: KafkaStart;
  /** What to do where records at the position are gone, by retention or because the topic was made anew. @defaultValue "fail" */
  readonly whenGone?: "fail" | "earliest";
  /** Whether reading ends where the partitions end when it begins. Not with a group. @defaultValue false */
  readonly bounded?: boolean;
  /** What values are written in; "json" is one value of JSON each. @defaultValue "json" */
  readonly format?: "json" | "text" | "csv" | DecoderFactory;
  /** The type of a value. A record is then exactly its fields, and one that does not fit is rejected. */
  readonly schema?: Schema;
  /** What else becomes a field of the record, and its name there: `{ key: "airport", timestamp: "sentAt" }`. A value without fields becomes the field `value`. */
  readonly fields?: RecordFields;
  /** A message without a value: dead letter, or nothing. @defaultValue "reject" */
  readonly tombstones?: "reject" | "skip";
  /** Whether only what transactions have committed is read. @defaultValue "committed" */
  readonly isolation?: "committed" | "uncommitted";
  /** A longer value is rejected, in bytes. @defaultValue 16 MiB */
  readonly maxRecordBytes?: number;
  /** Bytes of one fetch of one partition, about. @defaultValue 1 MiB */
  readonly fetchBytes?: number;
  /** How long a broker waits for something to send, in milliseconds. @defaultValue 500 */
  readonly maxWaitMs?: number;
  /** Driver kafkajs: a member that was not heard of for so long has lost its partitions, in milliseconds. The other driver takes what the group is configured with. @defaultValue 30_000 */
  readonly sessionTimeoutMs?: number;
  /** How long a process may take to let go of a partition, in milliseconds. @defaultValue 300_000 */
  readonly rebalanceTimeoutMs?: number;
  /** How often new topics and partitions are looked for without a group, in milliseconds. @defaultValue 60_000 */
  readonly metadataMaxAgeMs?: number;
}

/**
 * Reads topics of Kafka, exactly once: positions are offsets, kept in the checkpoints.
 *
 * A partition of a topic is a partition of the plan, named `<topic>-<number>`. With a `group` partitions move between the processes that run the
 * pipeline: what a process lets go of is checkpointed before another one has it. Needs the package `@platformatic/kafka`, or `kafkajs`.
 *
 * It is gated: the process that opens it needs FLOW_STREAMING_ENABLED=true.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for options that cannot work; on open SF_STREAMING_DISABLED, SF_BROKER_UNCONFIGURED, SF_CLIENT_MISSING, SF_SOURCE_MISSING for a topic that is not
 * there, SF_SOURCE_CONNECT; while running SF_SOURCE_POSITION where records are gone.
 * @example
 * ```ts
 * import { t } from "@streamflow/core";
 *
 * kafkaSource({ brokerList: ["127.0.0.1:9092"], topic: "orders", group: "billing", schema: t.struct({ id: t.int64(), price: t.float64() }) });
 * ```
 */
export function kafkaSource<const Given extends Schema>(options: KafkaSourceOptions & { readonly schema: Given; readonly fields?: undefined }): Source<Infer<Given>>;
export function kafkaSource<Out = unknown>(options: KafkaSourceOptions): Source<Out>;
export function kafkaSource<Out = unknown>(options: KafkaSourceOptions): Source<Out> {
  if (options.brokerList !== undefined) checkConnection({ ...options, brokerList: options.brokerList }, "kafka source");
  const selection = selectionOf(options);
  checkNumbers(options);
  checkChoices(options);
  const given = { ...defaults, ...options };
  const { group, bounded, fields, start, isolation, tombstones } = given;
  if (group === "") throw invalid("kafka source", "group is empty");
  if (bounded && group !== undefined) throw invalid("kafka source", "bounded reading has no group: each process would read to the end for itself");
  const format = formatOf(given.format);
  const schema = withFields(options.schema, fields);
  const hasFields = Object.keys(fields).length > 0;
  const config = { ...describeConnection({ ...options, brokerList: options.brokerList ?? [] }), ...selection, format: format.type, isolation, tombstones, start: startConfig(start) };
  return {
    type: "kafka_consumer",
    followsBroker: true,
    capabilities: { replayable: true, bounded, deterministic: true, ...(group === undefined ? {} : { shared: true }) },
    config: { ...config, ...(group === undefined ? {} : { group }), ...(bounded ? { bounded } : {}), ...(hasFields ? { fields: { ...fields } } : {}), ...(schema === undefined ? {} : { schema }) },
    ...(schema === undefined ? {} : { schema }),
    // A message alone is not enough for a record that has the key in it.
    ...(hasFields ? {} : { decoder: format }),
    open: (context) => openSession(given, { selection, format, context }),
  };
}

const defaults = {
  bounded: false, fields: {}, start: "earliest", whenGone: "fail", format: "json", isolation: "committed", tombstones: "reject", maxRecordBytes: 16 << 20,
  fetchBytes: 1 << 20, maxWaitMs: 500, sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 300_000, metadataMaxAgeMs: 60_000,
} as const satisfies Partial<KafkaSourceOptions>;

/** The options, with nothing left out that has a usual value. */
type Given = Required<Pick<KafkaSourceOptions, keyof typeof defaults>> & KafkaSourceOptions;

interface Opening {
  readonly selection: TopicSelection;
  readonly format: DecoderFactory;
  readonly context: SourceContext;
}

async function openSession(given: Given, { selection, format, context }: Opening): Promise<SourceSession> {
  const { group, start, whenGone, bounded, schema, fields, tombstones, isolation, maxRecordBytes, fetchBytes, maxWaitMs, sessionTimeoutMs, rebalanceTimeoutMs, metadataMaxAgeMs } = given;
  const { environment, signal, projection, maxRejectedBytes } = context;
  const what = `kafka source "${context.node}"`;
  const connection = { ...given, brokerList: requireBroker(brokerSettings.kafka_consumer, given.brokerList?.join(","), environment).split(",").map((broker) => broker.trim()) };
  checkConnection(connection, what);
  const wanted = wantedFields(fields, projection);
  const options: ConsumerOptions = {
    connection, selection, group, isolation, what, fetchBytes, maxWaitMs, sessionTimeoutMs, rebalanceTimeoutMs, metadataMaxAgeMs, environment, signal,
    mayLosePosition: whenGone === "earliest",
    wanted: partsOf(wanted),
  };
  const consumer = await (given.driver === "kafkajs" ? kafkaJsConsumer : wireConsumer)(options);
  const columns = context.columns ?? false;
  const decoder = { projection: valueProjection(fields, projection), columns, texts: columns, maxRecordBytes, ...(schema === undefined ? {} : { schema }) };
  return await openKafkaSession({
    consumer, context, group, start, whenGone, isBounded: bounded, rebalanceTimeoutMs, what,
    decoding: { factory: format, decoder, fields: wanted, tombstones, maxRejectedBytes },
  });
}

function selectionOf({ topic, topics, pattern }: KafkaSourceOptions): TopicSelection {
  const given = [topic, topics, pattern].filter((one) => one !== undefined);
  if (given.length !== 1) throw invalid("kafka source", `exactly one of topic, topics and pattern is needed, got ${given.length}`);
  if (pattern !== undefined) {
    try {
      new RegExp(pattern);
    } catch (thrown) {
      throw new StreamFlowError("SF_CONFIG_INVALID", `kafka source: pattern is no regular expression: ${String(thrown)}`, { cause: thrown });
    }
    return { pattern };
  }
  const names = topics ?? [topic ?? ""];
  const wrong = names.find((name) => !/^(?!\.{1,2}$)[\w.-]{1,249}$/.test(name));
  if (names.length === 0) throw invalid("kafka source", "topics is empty");
  if (wrong !== undefined) throw invalid("kafka source", `"${wrong}" is no name of a topic: at most 249 letters, digits, dots, dashes and underscores`);
  return { topics: [...new Set(names)] };
}

function checkNumbers({ maxRecordBytes, fetchBytes, maxWaitMs, sessionTimeoutMs, rebalanceTimeoutMs, metadataMaxAgeMs }: KafkaSourceOptions): void {
  for (const [name, value] of Object.entries({ maxRecordBytes, fetchBytes, maxWaitMs, sessionTimeoutMs, rebalanceTimeoutMs, metadataMaxAgeMs })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) throw invalid("kafka source", `${name} must be a positive integer, got ${value}`);
  }
}

const choices = {
  whenGone: ["fail", "earliest"], isolation: ["committed", "uncommitted"], tombstones: ["reject", "skip"], start: ["earliest", "latest", "committed"],
} as const;

/** What types say already: of options that come from elsewhere. */
function checkChoices({ start, whenGone, isolation, tombstones, fields, format, schema }: KafkaSourceOptions): void {
  const texts = { whenGone, isolation, tombstones, start: typeof start === "object" ? undefined : start };
  for (const [name, value] of Object.entries(texts)) {
    const known: readonly string[] = choices[name as keyof typeof choices];
    if (value !== undefined && !known.includes(value)) throw invalid("kafka source", `${name} must be one of ${known.join(", ")}${name === "start" ? ", or name a time or positions" : ""}, got "${String(value)}"`);
  }
  if (typeof start === "object" && "atMs" in start && !(Number.isSafeInteger(start.atMs) && start.atMs >= 0)) throw invalid("kafka source", `start.atMs must be milliseconds since 1970, got ${start.atMs}`);
  const [unknown] = Object.keys(fields ?? {}).filter((name) => !Object.hasOwn(recordFieldTypes, name));
  if (unknown !== undefined) throw invalid("kafka source", `fields knows ${Object.keys(recordFieldTypes).join(", ")}, got "${unknown}"`);
  if (format === "csv" && schema === undefined) throw invalid("kafka source", "format csv needs a schema: no message has a header");
}

const formats: Readonly<Record<"json" | "text" | "csv", () => DecoderFactory>> = { json: () => ndjson(), text: () => lines(), csv: () => csv({ header: false }) };

function formatOf(format: NonNullable<KafkaSourceOptions["format"]>): DecoderFactory {
  if (typeof format !== "string") return format;
  if (!Object.hasOwn(formats, format)) throw invalid("kafka source", `format must be json, text, csv or a decoder, got "${String(format)}"`);
  return formats[format]();
}

function startConfig(start: KafkaStart): unknown {
  return typeof start === "object" && "positions" in start ? { positions: { ...start.positions } } : start;
}
