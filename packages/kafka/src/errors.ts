// What brokers and clients say, as errors with codes. Both clients name a broker's errors as the protocol does.
import { type AnyErrorCode, type ErrorDetails, StreamFlowError } from "@streamflow/core";

/** Which end of a pipeline fails. */
export type KafkaEnd = "source" | "sink";

/** What an error of a broker means to a pipeline. */
interface Meaning {
  readonly source: AnyErrorCode;
  readonly sink: AnyErrorCode;
  readonly hint?: string;
}

function same(code: AnyErrorCode, hint?: string): Meaning {
  return { source: code, sink: code, ...(hint === undefined ? {} : { hint }) };
}

const unreachable: Meaning = { source: "SF_SOURCE_CONNECT", sink: "SF_SINK_UNAVAILABLE" };
const other: Meaning = { source: "SF_SOURCE_FAILED", sink: "SF_SINK_FAILED" };
const noLogin = same("SF_CONFIG_INVALID", "check sasl: mechanism, user name and password or token, and that they have not expired");
const noTls = same("SF_CONFIG_INVALID", "the listener of the broker is encrypted: tls: true, or tls with the certificates that it is signed by");
const tooOld = same("SF_CONFIG_INVALID", "the driver platformatic needs brokers of Kafka 4.0 or newer; for older ones: driver: kafkajs");
const fenced: Meaning = { source: "SF_PARTITION_LOST", sink: "SF_SINK_FENCED" };

function mayNot(operation: string, resource: string): Meaning {
  return same("SF_CONFIG_INVALID", `let the user of this connection ${operation} the ${resource}: kafka-acls --add --operation …`);
}

/** By the name that the protocol gives an error. @see https://kafka.apache.org/protocol#protocol_error_codes */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["SASL_AUTHENTICATION_FAILED", noLogin],
  ["UNSUPPORTED_SASL_MECHANISM", noLogin],
  ["ILLEGAL_SASL_STATE", noLogin],
  ["TOPIC_AUTHORIZATION_FAILED", mayNot("Describe, Read or Write", "topic")],
  ["GROUP_AUTHORIZATION_FAILED", mayNot("Read", "group")],
  ["TRANSACTIONAL_ID_AUTHORIZATION_FAILED", mayNot("Describe and Write", "transactional id")],
  ["CLUSTER_AUTHORIZATION_FAILED", mayNot("IdempotentWrite", "cluster")],
  ["UNKNOWN_TOPIC_OR_PARTITION", { source: "SF_SOURCE_MISSING", sink: "SF_CONFIG_INVALID", hint: "create the topic, or check its name" }],
  ["UNKNOWN_TOPIC_ID", { source: "SF_SOURCE_CONNECT", sink: "SF_SINK_UNAVAILABLE", hint: "the topic was removed, and perhaps made anew" }],
  ["INVALID_TOPIC_EXCEPTION", same("SF_CONFIG_INVALID", "a topic's name has at most 249 letters, digits, dots, dashes and underscores")],
  ["OFFSET_OUT_OF_RANGE", { source: "SF_SOURCE_POSITION", sink: "SF_SINK_FAILED", hint: "the records at the position are gone (retention) or the topic was made anew; whenGone: earliest goes on without them" }],
  ["MESSAGE_TOO_LARGE", same("SF_RECORD_TOO_LARGE", "raise max.message.bytes of the topic")],
  ["RECORD_LIST_TOO_LARGE", same("SF_RECORD_TOO_LARGE", "raise max.message.bytes of the topic")],
  ["INVALID_PRODUCER_EPOCH", fenced],
  ["PRODUCER_FENCED", fenced],
  ["FENCED_INSTANCE_ID", fenced],
  ["FENCED_MEMBER_EPOCH", fenced],
  ["STALE_MEMBER_EPOCH", { source: "SF_PARTITION_LOST", sink: "SF_SINK_UNAVAILABLE" }],
  ["ILLEGAL_GENERATION", { source: "SF_PARTITION_LOST", sink: "SF_SINK_UNAVAILABLE" }],
  ["UNKNOWN_MEMBER_ID", { source: "SF_PARTITION_LOST", sink: "SF_SINK_UNAVAILABLE" }],
  // The coordinator has ended a transaction that took too long: what it held has to be made again.
  ["INVALID_TXN_STATE", { source: "SF_SOURCE_FAILED", sink: "SF_SINK_UNAVAILABLE" }],
  ["INVALID_PRODUCER_ID_MAPPING", { source: "SF_SOURCE_FAILED", sink: "SF_SINK_UNAVAILABLE" }],
  ["UNKNOWN_PRODUCER_ID", { source: "SF_SOURCE_FAILED", sink: "SF_SINK_UNAVAILABLE" }],
  ["OUT_OF_ORDER_SEQUENCE_NUMBER", { source: "SF_SOURCE_FAILED", sink: "SF_SINK_UNAVAILABLE" }],
  ["TRANSACTION_ABORTABLE", { source: "SF_SOURCE_FAILED", sink: "SF_SINK_UNAVAILABLE" }],
  ["INVALID_TRANSACTION_TIMEOUT", same("SF_CONFIG_INVALID", "transactionTimeoutMs must not be above transaction.max.timeout.ms of the brokers")],
  ["INVALID_SESSION_TIMEOUT", same("SF_CONFIG_INVALID", "sessionTimeoutMs must be between group.min.session.timeout.ms and group.max.session.timeout.ms of the brokers")],
  ["INCONSISTENT_GROUP_PROTOCOL", same("SF_CONFIG_INVALID", "the group has members of another protocol: all members use one driver, or give this pipeline a group of its own")],
  ["GROUP_ID_NOT_FOUND", same("SF_CONFIG_INVALID", "the group has members of another protocol: all members use one driver, or give this pipeline a group of its own")],
  ["GROUP_MAX_SIZE_REACHED", same("SF_CONFIG_INVALID", "raise group.max.size of the brokers, or run fewer processes")],
  ["UNSUPPORTED_VERSION", tooOld],
  ["UNSUPPORTED_FOR_MESSAGE_FORMAT", tooOld],
  ["UNSUPPORTED_COMPRESSION_TYPE", same("SF_CONFIG_INVALID", "the topic does not take this compression")],
  ["POLICY_VIOLATION", same("SF_CONFIG_INVALID")],
  ["INVALID_REPLICATION_FACTOR", same("SF_CONFIG_INVALID", "there are fewer brokers than the replication factor asks for")],
  ["NOT_ENOUGH_REPLICAS", unreachable],
]);

interface Shaped {
  readonly apiId?: unknown;
  readonly type?: unknown;
  readonly name?: unknown;
  readonly code?: unknown;
  readonly canRetry?: unknown;
  readonly retriable?: unknown;
  readonly errors?: unknown;
  readonly cause?: unknown;
}

/** What an error and those inside it are, outermost first; bounded. */
function insideOf(thrown: unknown): readonly Shaped[] {
  const found: Shaped[] = [];
  const open: unknown[] = [thrown];
  while (open.length > 0 && found.length < 32) {
    const next = open.shift();
    if (typeof next !== "object" || next === null) continue;
    const shaped = next as Shaped;
    found.push(shaped);
    if (Array.isArray(shaped.errors)) open.push(...(shaped.errors as unknown[]));
    open.push(shaped.cause);
  }
  return found;
}

/** The name of the first error of a broker inside what a client throws: `NOT_LEADER_OR_FOLLOWER`. */
export function brokerErrorOf(thrown: unknown): string | undefined {
  const names = insideOf(thrown).map(({ apiId, type }) => apiId ?? type);
  return names.find((name): name is string => typeof name === "string" && /^[A-Z]{2,}(_[A-Z0-9]+)+$/.test(name) && !name.startsWith("PLT_"));
}

/** Whether the same request may succeed a little later: what brokers call retriable, and whatever is wrong with the network. */
export function isPassing(thrown: unknown): boolean {
  const name = brokerErrorOf(thrown);
  const inside = insideOf(thrown);
  if (inside.some(({ name: title, code }) => title === "KafkaJSSASLAuthenticationError" || code === "PLT_KFK_AUTHENTICATION")) return false;
  if (name !== undefined) return inside.some(({ canRetry, retriable }) => canRetry === true || retriable === true);
  return inside.some(({ code, name: title }) => code === "PLT_KFK_NETWORK" || code === "PLT_KFK_TIMEOUT" || isNetworkCode(code) || (typeof title === "string" && /^KafkaJS(Connection|RequestTimeout|BrokerNotFound|GroupCoordinatorNotFound|MetadataNotLoaded|Timeout)/.test(title)));
}

function isNetworkCode(code: unknown): boolean {
  return typeof code === "string" && /^(E[A-Z]{4,}|ENOTFOUND|EAI_AGAIN)$/.test(code);
}

/**
 * Turns what a client throws into a StreamFlowError.
 *
 * @param where Source or sink, and brokers, for the message.
 */
export function kafkaError(thrown: unknown, end: KafkaEnd, where: string): StreamFlowError {
  if (StreamFlowError.is(thrown)) return thrown;
  const name = brokerErrorOf(thrown);
  const { [end]: code, hint } = meaningOf(thrown, name);
  const message = name === undefined ? innermost(thrown) : `${name}: ${detailOf(thrown)}`;
  const details: ErrorDetails = { cause: thrown, ...(hint === undefined ? {} : { hint }), ...(name === undefined ? {} : { context: { kafka: name } }) };
  return new StreamFlowError(code, `${where}: ${message}`, details);
}

function meaningOf(thrown: unknown, name: string | undefined): Meaning {
  const inside = insideOf(thrown);
  if (inside.some(({ name: title, code }) => title === "KafkaJSSASLAuthenticationError" || code === "PLT_KFK_AUTHENTICATION")) return noLogin;
  const known = name === undefined ? undefined : meanings.get(name);
  if (known !== undefined) return known;
  if (inside.some(({ code }) => code === "PLT_KFK_UNSUPPORTED_API")) return tooOld;
  if (inside.some((one) => one instanceof Error && /requires TLS/.test(one.message))) return noTls;
  return isPassing(thrown) ? unreachable : other;
}

/** What the broker itself says, where it says something; else what the client says. */
function detailOf(thrown: unknown): string {
  const said = insideOf(thrown).map((one) => (one as { readonly serverErrorMessage?: unknown }).serverErrorMessage);
  return said.find((text): text is string => typeof text === "string" && text !== "") ?? innermost(thrown);
}

function innermost(thrown: unknown): string {
  const texts = insideOf(thrown).map((one) => (one instanceof Error ? one.message : "")).filter((text) => text !== "");
  return texts.at(-1) ?? String(thrown);
}
