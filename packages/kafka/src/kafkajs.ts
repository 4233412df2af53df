// The client kafkajs: loaded, told the cluster, and taught the compressions that it lacks.
import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import { type Logger, StreamFlowError } from "@streamflow/core";
import type * as KafkaJs from "kafkajs";
import type { KafkaConnection, KafkaSasl, KafkaTls } from "./options.ts";
import { kafkaClients, missingClient } from "./wire.ts";

/** The client library, once it is loaded. */
export type KafkaJsLibrary = typeof KafkaJs;

/** What a client of kafkajs is made from. */
export interface KafkaJsOptions {
  readonly connection: KafkaConnection;
  /** For messages: `kafka source "in"`. */
  readonly what: string;
  readonly logger: Logger;
}

/** Loads kafkajs. @throws {@link StreamFlowError} SF_CLIENT_MISSING */
export async function loadKafkaJs(what: string): Promise<KafkaJsLibrary> {
  try {
    // It is CommonJS: what it exports is the default of the namespace, and only some of it beside that.
    const { default: library } = (await import("kafkajs")) as unknown as { readonly default: KafkaJsLibrary };
    teach(library);
    return library;
  } catch (thrown) {
    throw missingClient(thrown, what, kafkaClients.kafkajs);
  }
}

/** A client, not yet connected. It repeats nothing for long by itself: the pipeline's restarts do. */
export function kafkaJsClient(library: KafkaJsLibrary, { connection, what, logger }: KafkaJsOptions): KafkaJs.Kafka {
  const { brokerList, clientId = "streamflow", tls, sasl, connectTimeoutMs = 10_000, requestTimeoutMs = 30_000 } = connection;
  return new library.Kafka({
    brokers: [...brokerList],
    clientId,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
    ...(tls === undefined || tls === false ? {} : { ssl: tls === true ? true : tlsOptions(tls) }),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    logLevel: library.logLevel.WARN,
    logCreator: () => ({ level, log }) => {
      // Its own messages name brokers and groups, never credentials. What it calls an error it mostly repeats: the pipeline decides what is one.
      const text = `${what}: kafkajs: ${log.message}`;
      const fields = typeof log["error"] === "string" ? { error: log["error"] } : {};
      const isWarning = level === library.logLevel.ERROR || level === library.logLevel.WARN;
      // What it gives up, the sink sends again with the same sequence numbers.
      if (isWarning && !log.message.startsWith("Limiting retries for the idempotent producer")) logger.warn(text, fields);
      else logger.debug(text, fields);
    },
  });
}

function tlsOptions({ serverName, ...tls }: KafkaTls): Exclude<KafkaJs.KafkaConfig["ssl"], boolean | undefined> {
  return { ...tls, ...(serverName === undefined ? {} : { servername: serverName }) };
}

function saslOptions(sasl: KafkaSasl): KafkaJs.SASLOptions {
  if (sasl.mechanism !== "oauthbearer") return { mechanism: sasl.mechanism as "plain", username: sasl.username, password: sasl.password };
  const { token } = sasl;
  return { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: typeof token === "string" ? token : await token() }) };
}

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** kafkajs has gzip alone. Node has zstd; the other two are those of @platformatic/kafka, where that is installed. */
function teach(library: KafkaJsLibrary): void {
  const codecs = library.CompressionCodecs as Record<number, unknown>;
  const { Snappy, LZ4, ZSTD } = library.CompressionTypes;
  codecs[ZSTD] = (): Codec => ({ compress: async ({ buffer }) => await promisify(zstdCompress)(buffer), decompress: async (bytes) => await promisify(zstdDecompress)(bytes) });
  codecs[Snappy] = borrowed("snappy");
  codecs[LZ4] = borrowed("lz4");
}

function borrowed(name: "snappy" | "lz4"): () => Codec {
  const algorithm = async (): Promise<{ compressSync(bytes: Buffer): Buffer; decompressSync(bytes: Buffer): Buffer }> => {
    try {
      const { compressionsAlgorithms } = await import("@platformatic/kafka");
      return compressionsAlgorithms[name];
    } catch (thrown) {
      throw new StreamFlowError("SF_CLIENT_MISSING", `kafkajs alone knows nothing of ${name}`, { cause: thrown, hint: "npm install @platformatic/kafka@2: its compressions are taken" });
    }
  };
  return () => ({ compress: async ({ buffer }) => (await algorithm()).compressSync(buffer), decompress: async (bytes) => (await algorithm()).decompressSync(bytes) });
}
