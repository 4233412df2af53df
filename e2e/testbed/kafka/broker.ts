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
import { propertiesText, usualSettings } from "./settings.ts";

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
}

export const kafka: Service<KafkaServer, KafkaOptions> = {
  name: "kafka",
  async install() {
    await findJava();
    await jars();
  },
  start,
};

const jars = (): Promise<string> => provideJars("kafka", join(import.meta.dirname, "pom.xml"));

async function start({ settings = {}, jvm = usualJvm }: KafkaOptions = {}): Promise<KafkaServer> {
  const [java, lib, [port = 0, controllerPort = 0]] = await Promise.all([findJava(), jars(), freePorts(2)]);
  const folder = temporaryFolder("kafka");
  try {
    const properties = join(folder, "server.properties");
    const bootstrap = `127.0.0.1:${port}`;
    const listeners = { listeners: `PLAIN://${bootstrap},CONTROLLER://127.0.0.1:${controllerPort}`, "advertised.listeners": `PLAIN://${bootstrap}`, "controller.quorum.voters": `1@127.0.0.1:${controllerPort}` };
    writeFileSync(properties, propertiesText({ ...usualSettings, ...listeners, "log.dirs": join(folder, "data"), ...settings }));
    const flags = [...jvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", join(lib, "*")];
    // Not by writing the files oneself: what the broker can do (transactions, new groups) is written there as well.
    await run(java, [...flags, "kafka.tools.StorageTool", "format", "--cluster-id", randomBytes(16).toString("base64url"), "--config", properties], { cwd: folder });
    const server = await launch({
      name: "Kafka", url: bootstrap, port, folder,
      command: { program: java, args: [...flags, "kafka.Kafka", properties], env: {}, user: undefined, killSignal: "SIGKILL" },
      isReady: () => answersApiVersions(port),
    });
    return Object.assign(server, { bootstrap });
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}
