// How a Kafka cluster is reached: the options that the source and the sink share.
import { StreamFlowError } from "@streamflow/core";

/** Which client library speaks to the brokers. */
export type KafkaDriver = "platformatic" | "kafkajs";

/** TLS. Files are the caller's to read: these are their contents, PEM. */
export interface KafkaTls {
  /** Certificates that the brokers' are signed by. @defaultValue those of Node */
  readonly ca?: string;
  /** Certificate and key of the client, where brokers ask for them. */
  readonly cert?: string;
  readonly key?: string;
  /** Name that the brokers' certificate must have. @defaultValue the host */
  readonly serverName?: string;
  /** Whether a certificate that nobody known has signed is refused. @defaultValue true */
  readonly rejectUnauthorized?: boolean;
}

/** Who the client is. */
export type KafkaSasl =
  | { readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; readonly username: string; readonly password: string }
  /** A token, or how to get one: asked for each new connection. */
  | { readonly mechanism: "oauthbearer"; readonly token: string | (() => string | Promise<string>) };

/** A cluster, and how it is spoken to. */
export interface KafkaConnection {
  /** Some of the brokers, each `host:port`; the others are found through them. */
  readonly brokerList: readonly string[];
  /** What brokers call this client in their logs and quotas. @defaultValue "streamflow" */
  readonly clientId?: string;
  /** `true`: TLS by the certificates of Node. @defaultValue no TLS */
  readonly tls?: boolean | KafkaTls;
  readonly sasl?: KafkaSasl;
  /**
   * `platformatic` needs brokers of Kafka 4.0 or newer, and the package `@platformatic/kafka`; `kafkajs` speaks to older ones as well.
   * @defaultValue "platformatic"
   */
  readonly driver?: KafkaDriver;
  /** How long connecting may take, in milliseconds. @defaultValue 10_000 */
  readonly connectTimeoutMs?: number;
  /** How long a broker may take to answer, in milliseconds. @defaultValue 30_000 */
  readonly requestTimeoutMs?: number;
}

/** A host and its port. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Checks a connection before anything is opened.
 *
 * @param what Of the error's message: `kafka source`.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID
 */
export function checkConnection(connection: KafkaConnection, what: string): void {
  const { brokerList, driver, sasl, connectTimeoutMs, requestTimeoutMs } = connection;
  if (brokerList.length === 0) throw notConfigured(what);
  for (const broker of brokerList) addressOf(broker, what);
  if (driver !== undefined && driver !== "platformatic" && driver !== "kafkajs") throw invalid(what, `driver must be platformatic or kafkajs, got ${String(driver)}`);
  for (const [name, value] of Object.entries({ connectTimeoutMs, requestTimeoutMs })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) throw invalid(what, `${name} must be a positive integer of milliseconds, got ${value}`);
  }
  if (sasl !== undefined) checkSasl(sasl, what);
}

function checkSasl(sasl: KafkaSasl, what: string): void {
  if (!["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"].includes(sasl.mechanism)) {
    throw invalid(what, `sasl.mechanism must be plain, scram-sha-256, scram-sha-512 or oauthbearer, got ${String(sasl.mechanism)}`);
  }
  const missing = sasl.mechanism === "oauthbearer" ? (sasl.token === "" ? "token" : undefined) : sasl.username === "" ? "username" : sasl.password === "" ? "password" : undefined;
  if (missing !== undefined) throw invalid(what, `sasl.${missing} is empty`);
}

function notConfigured(what: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `${what}: no broker is configured: brokerList is empty`, { hint: 'name at least one broker: brokerList: ["host:9092"]' });
}

/** @throws {@link StreamFlowError} SF_CONFIG_INVALID where `broker` is not `host:port` */
export function addressOf(broker: string, what: string): BrokerAddress {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:/\s]+)):(\d{1,5})$/.exec(broker) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || port === undefined || Number(port) < 1 || Number(port) > 65_535) {
    // What stands in front of an @ may be a password.
    throw invalid(what, `a broker is written host:port, got "${broker.replace(/^.*@/, "…@")}"`);
  }
  return { host, port: Number(port) };
}

/** What plans and messages say of a connection: nothing of it is secret. */
export function describeConnection(connection: KafkaConnection): Readonly<Record<string, unknown>> {
  const { brokerList, driver = "platformatic", tls, sasl } = connection;
  return { brokerList: [...brokerList], driver, ...(tls === undefined || tls === false ? {} : { tls: true }), ...(sasl === undefined ? {} : { sasl: sasl.mechanism }) };
}

/** SF_CONFIG_INVALID with a message that begins with what is invalid. */
export function invalid(what: string, why: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `${what}: ${why}`);
}
