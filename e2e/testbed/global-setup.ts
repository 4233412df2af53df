// One server of each service that the tests of a run name: they read its address with `inject("postgres")`.
import { readFileSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { kept } from "./up/kept.ts";
import { kafka, services, type KafkaListeners, type KafkaServer, type Server, type Service } from "./index.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `127.0.0.1:port`. Tests share it: topics and groups have names of their own. */
    readonly kafka: string;
    /** The same broker, with encryption and names of users. */
    readonly kafkaListeners: KafkaListeners;
    /** `postgres://user:password@host:port/database` */
    readonly postgres: string;
    /** `redis://host:port` */
    readonly redis: string;
  }
}

type Name = "kafka" | "postgres" | "redis";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const needed = await neededBy(project);
  // One after another: two of apt at once would stand in each other's way.
  for (const service of needed) await service.install();
  const started = await Promise.allSettled(needed.map(serverOf));
  const servers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await stopAll(servers);
    throw failed.reason;
  }
  for (const [index, { name }] of needed.entries()) project.provide(name as Name, servers[index]?.url ?? "");
  const broker = servers[needed.indexOf(kafka)] as KafkaServer | undefined;
  if (broker !== undefined) project.provide("kafkaListeners", broker.listeners);
  return () => stopAll(servers);
}

/** The one that is up (`pnpm testbed up`), where tests can share it; else one for this run. */
async function serverOf(service: Service): Promise<Pick<Server, "name" | "url" | "log" | "stop">> {
  const up = service.isShareable ? await kept(service.name) : undefined;
  return up === undefined ? service.start() : { ...up, name: service.name, log: () => `it was up before: pnpm testbed logs ${service.name}`, stop: () => Promise.resolve() };
}

/** What is asked for in the files of this run: a broker that nobody needs would cost seconds. */
async function neededBy(project: TestProject): Promise<readonly Service[]> {
  // Not among Vitest's types. Without it, all files are looked at.
  const { filenamePattern } = project.vitest as { readonly filenamePattern?: string[] };
  const { testFiles } = await project.globTestFiles(filenamePattern);
  const texts = testFiles.map((file) => readFileSync(file, "utf8"));
  return services.filter(({ name }) => texts.some((text) => text.includes(`inject("${name}`)));
}

async function stopAll(servers: readonly Pick<Server, "name" | "log" | "stop">[]): Promise<void> {
  for (const server of servers) {
    // What a server has to complain of is what one looks for first when a test has failed.
    if (process.exitCode !== undefined && process.exitCode !== 0) process.stderr.write(`\n${server.name}, the end of its log:\n${server.log()}\n`);
    await server.stop();
  }
}
