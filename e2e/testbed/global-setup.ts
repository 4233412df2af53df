// One server of each service for a whole run of tests: they read its address with `inject("postgres")`.
import type { TestProject } from "vitest/node";
import { services, type Server } from "./index.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `postgres://user:password@host:port/database` */
    readonly postgres: string;
    /** `redis://host:port` */
    readonly redis: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // One after another: two of apt at once would stand in each other's way.
  for (const service of services) await service.install();
  const started = await Promise.allSettled(services.map((service) => service.start()));
  const servers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await stopAll(servers);
    throw failed.reason;
  }
  for (const [index, { name }] of services.entries()) project.provide(name as "postgres" | "redis", servers[index]?.url ?? "");
  return () => stopAll(servers);
}

async function stopAll(servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    // What a server has to complain of is what one looks for first when a test has failed.
    if (process.exitCode !== undefined && process.exitCode !== 0) process.stderr.write(`\n${server.name}, the end of its log:\n${server.log()}\n`);
    await server.stop();
  }
}
