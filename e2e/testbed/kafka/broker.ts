// One Kafka broker in KRaft mode, from the jars of the Maven registry: broker and controller in one process.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findJava, provideJars } from "../maven.ts";
import { freePorts } from "../ports.ts";
import { launch, removeFolder, temporaryFolder, type Server, type Service, type StartOptions } from "../service.ts";
import { answersApiVersions } from "./is-ready.ts";
import { type KafkaListeners, listenerCount, listenersOn, saslUser } from "./listeners.ts";
import { propertiesText, usualSettings } from "./settings.ts";
import { makeTlsFiles } from "./tls-files.ts";

const run = promisify(execFile);

/** Quick to start and small, as tests want it. */
const usualJvm = ["-Xmx256m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
/** For who measures a broker that does its best: code is compiled to the end, and there is memory. */
export const benchmarkJvm: readonly string[] = ["-Xmx1g", "-Xms1g", "-XX:+UseSerialGC"];

export interface KafkaOptions extends StartOptions {
  /** Flags of the Java machine. Default: small and quick to start. */
  readonly jvm?: readonly string[];
}

/** A running broker. Topics are the business of who uses it; one that is not there is made when it is first named, with three partitions. */
export interface KafkaServer extends Server {
  /** `127.0.0.1:port`, without encryption or names of users. */
  readonly bootstrap: string;
  /** With encryption, with names of users, and with both. */
  readonly listeners: KafkaListeners;
}

export const kafka: Service<KafkaServer, KafkaOptions> = {
  name: "kafka",
  isShareable: true,
  async install() {
    await findJava();
    await jars();
  },
  start,
};

const jars = (): Promise<string> => provideJars("kafka", join(import.meta.dirname, "pom.xml"));

async function start({ settings = {}, jvm = usualJvm }: KafkaOptions = {}): Promise<KafkaServer> {
  const [java, lib, ports] = await Promise.all([findJava(), jars(), freePorts(listenerCount)]);
  const folder = temporaryFolder("kafka");
  try {
    const { bootstrap, port, listeners, settings: ofListeners } = listenersOn(ports, await makeTlsFiles(folder));
    const properties = join(folder, "server.properties");
    writeFileSync(properties, propertiesText({ ...usualSettings, ...ofListeners, "log.dirs": join(folder, "data"), ...settings }));
    const command = (main: string, args: readonly string[]): readonly string[] => [...jvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", join(lib, "*"), main, ...args];
    await run(java, command("kafka.tools.StorageTool", formatArguments(properties)), { cwd: folder });
    const server = await launch({
      name: "Kafka", url: bootstrap, port, folder,
      command: { program: java, args: command("kafka.Kafka", [properties]), env: {}, user: undefined, killSignal: "SIGKILL" },
      isReady: () => answersApiVersions(port),
    });
    return Object.assign(server, { bootstrap, listeners });
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}

/** Kafka's own tool, not files by hand: it also writes down what the broker can do (transactions, groups of the new kind), and who may log in. */
function formatArguments(properties: string): readonly string[] {
  const { username, password } = saslUser;
  const users = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((kind) => ["--add-scram", `${kind}=[name=${username},password=${password}]`]);
  return ["format", "--cluster-id", clusterId(), "--config", properties, ...users];
}

/** Its first character is a letter: one that began with a dash would be taken for an option. */
function clusterId(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes.toString("base64url");
}
