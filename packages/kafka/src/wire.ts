// The cluster as requests and answers, over the connections of @platformatic/kafka: who leads a partition, who coordinates a group, one call to one broker.
// What requests are for is the business of the consumer and the producer. Nothing here is sent twice.
import { StreamFlowError } from "@streamflow/core";
import type * as Library from "@platformatic/kafka";
import { brokerErrorOf } from "./errors.ts";
import { addressOf, type BrokerAddress, type KafkaConnection, type KafkaDriver, type KafkaTls } from "./options.ts";

/** The client library, once it is loaded. */
export type KafkaLibrary = typeof Library;

/** A request of the protocol. */
export interface WireRequest<Arguments extends readonly unknown[], Answer> {
  async(connection: Library.Connection, ...args: Arguments): Promise<Answer>;
}

type MetadataAnswer = Awaited<ReturnType<typeof Library.metadataV12.api.async>>;

/** A partition as the cluster describes it. */
export interface WirePartition {
  /** Node of its leader; -1 while there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
}

/** A topic as the cluster describes it. */
export interface WireTopic {
  readonly name: string;
  readonly id: string;
  readonly isInternal: boolean;
  readonly partitions: readonly WirePartition[];
}

/** Which connections a request goes over: brokers answer what comes over one connection in its order, so one that waits holds up those behind it. */
export type WireLane = "control" | "data";

/** Loads the client. @throws {@link StreamFlowError} SF_CLIENT_MISSING; SF_CONFIG_INVALID in a process that may not generate code: the client does so when it is loaded */
export async function loadPlatformatic(what: string): Promise<KafkaLibrary> {
  try {
    return await import("@platformatic/kafka");
  } catch (thrown) {
    if (thrown instanceof EvalError) throw new StreamFlowError("SF_CONFIG_INVALID", `${what}: the package @platformatic/kafka generates code when it is loaded, and this process may not`, { cause: thrown, hint: "driver: kafkajs" });
    throw missingClient(thrown, what, kafkaClients.platformatic);
  }
}

/** The packages of the two clients, and what installs them. */
export const kafkaClients: Readonly<Record<KafkaDriver, { readonly packages: readonly [string]; readonly install: string }>> = {
  platformatic: { packages: ["@platformatic/kafka"], install: "npm install @platformatic/kafka@2" },
  kafkajs: { packages: ["kafkajs"], install: "npm install kafkajs@2" },
};

/** What the import of a client throws: that it is not installed, with the command that mends it; anything else passes through. */
export function missingClient(thrown: unknown, what: string, { packages: [name], install }: (typeof kafkaClients)[KafkaDriver]): unknown {
  const { code, message = "" } = thrown as { readonly code?: string; readonly message?: string };
  if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes(`'${name}'`)) return thrown;
  return new StreamFlowError("SF_CLIENT_MISSING", `${what} needs the package ${name}, which is not installed`, { cause: thrown, hint: install });
}

/** Connections to the brokers of one cluster, and what is known of it. */
export class KafkaWire {
  readonly library: KafkaLibrary;
  readonly #bootstrap: readonly BrokerAddress[];
  readonly #pools: Readonly<Record<WireLane, Library.ConnectionPool>>;
  readonly #brokers = new Map<number, BrokerAddress>();
  readonly #topics = new Map<string, WireTopic>();
  #cluster = "";
  #isClosed = false;

  /** Opens nothing yet. @param what For messages: `kafka source "in"`. */
  constructor(library: KafkaLibrary, connection: KafkaConnection, what: string) {
    this.library = library;
    this.#bootstrap = connection.brokerList.map((broker) => addressOf(broker, what));
    const options = connectionOptions(connection);
    const { clientId = "streamflow" } = connection;
    this.#pools = { control: new library.ConnectionPool(clientId, options), data: new library.ConnectionPool(clientId, options) };
  }

  /** Asks one broker. @throws what the client throws: see errors.ts */
  async call<Arguments extends readonly unknown[], Answer>(broker: BrokerAddress, request: WireRequest<Arguments, Answer>, args: Arguments, lane: WireLane = "control"): Promise<Answer> {
    this.#mustBeOpen();
    const connection = await this.#pools[lane].get(broker);
    return await request.async(connection, ...args);
  }

  /** Asks any broker. */
  async callAny<Arguments extends readonly unknown[], Answer>(request: WireRequest<Arguments, Answer>, args: Arguments): Promise<Answer> {
    this.#mustBeOpen();
    const connection = await this.#pools.control.getFirstAvailable([...this.#brokers.values(), ...this.#bootstrap]);
    return await request.async(connection, ...args);
  }

  /** Asks about topics; without names about all. What is not there is left out; with `create`, brokers that do so by themselves make it. */
  async refresh(names: readonly string[] | undefined, create: boolean = false): Promise<readonly WireTopic[]> {
    const answer = await this.#metadata(names, create);
    this.#cluster = answer.clusterId ?? "";
    this.#brokers.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port });
    const found: WireTopic[] = [];
    for (const { errorCode, name, topicId, isInternal, partitions } of answer.topics) {
      if (typeof name !== "string" || typeof topicId !== "string" || errorCode !== 0) continue;
      const topic: WireTopic = {
        name, id: topicId, isInternal,
        partitions: [...partitions].sort((a, b) => a.partitionIndex - b.partitionIndex).map(({ leaderId, leaderEpoch }) => ({ leader: leaderId, leaderEpoch })),
      };
      this.#topics.set(name, topic);
      found.push(topic);
    }
    for (const name of names ?? []) if (!found.some((topic) => topic.name === name)) this.#topics.delete(name);
    return found;
  }

  async #metadata(names: readonly string[] | undefined, create: boolean): Promise<MetadataAnswer> {
    const api = this.library.metadataV12.api;
    try {
      // The client's request says "all topics" by null.
      return await this.callAny(api, [(names ?? null) as never, create, false]);
    } catch (thrown) {
      // The client throws where one topic of several is wrong, and hands over the answer with it.
      const response = (thrown as { readonly response?: MetadataAnswer }).response;
      const name = brokerErrorOf(thrown);
      if (response === undefined || (name !== "UNKNOWN_TOPIC_OR_PARTITION" && name !== "LEADER_NOT_AVAILABLE" && name !== "UNKNOWN_TOPIC_ID")) throw thrown;
      return response;
    }
  }

  /** Id of the cluster, once topics have been asked about. */
  get cluster(): string {
    return this.#cluster;
  }

  /** What is known of a topic. */
  topic(name: string): WireTopic | undefined {
    return this.#topics.get(name);
  }

  /** The broker that leads a partition, where that is known. */
  leaderOf(topic: string, partition: number): { readonly node: number; readonly address: BrokerAddress } | undefined {
    const node = this.#topics.get(topic)?.partitions[partition]?.leader ?? -1;
    const address = this.#brokers.get(node);
    return address === undefined ? undefined : { node, address };
  }

  /** The broker that coordinates a consumer group or the transactions of an id. */
  async coordinator(kind: "group" | "transaction", key: string): Promise<BrokerAddress> {
    const { FindCoordinatorKeyTypes, findCoordinatorV6 } = this.library;
    const type = kind === "group" ? FindCoordinatorKeyTypes.GROUP : FindCoordinatorKeyTypes.TRANSACTION;
    const answer = await this.callAny(findCoordinatorV6.api, [type, [key]]);
    const [found] = answer.coordinators;
    if (found === undefined) throw new StreamFlowError("SF_INTERNAL", `the cluster names no coordinator of ${kind} "${key}"`);
    return { host: found.host, port: found.port };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled([this.#pools.control.close(), this.#pools.data.close()]);
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", "the connections to Kafka are closed");
  }
}

function connectionOptions({ tls, sasl, connectTimeoutMs = 10_000, requestTimeoutMs = 30_000 }: KafkaConnection): Library.ConnectionOptions {
  return {
    connectTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    ...(tls === undefined || tls === false ? {} : { tls: tlsOptions(tls === true ? {} : tls), tlsServerName: tls === true ? true : (tls.serverName ?? true) }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
  };
}

function tlsOptions({ ca, cert, key, rejectUnauthorized }: KafkaTls): NonNullable<Library.ConnectionOptions["tls"]> {
  return { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }), ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }) };
}

function saslOptions(sasl: NonNullable<KafkaConnection["sasl"]>): NonNullable<Library.ConnectionOptions["sasl"]> {
  if (sasl.mechanism === "oauthbearer") return { mechanism: "OAUTHBEARER", token: sasl.token };
  const mechanism = ({ plain: "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512" } as const)[sasl.mechanism];
  return { mechanism, username: sasl.username, password: sasl.password };
}
