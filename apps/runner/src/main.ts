#!/usr/bin/env node
// The runner's process: arguments, signals, exit code.
import { resolve } from "node:path";
import { StreamFlowError, toStreamFlowError, type Logger } from "@streamflow/core";
import { readArguments, usage, type RunnerArguments } from "./arguments.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { createHost } from "./host.ts";
import { isSocketPath, serve, type HttpServer } from "./http-server.ts";
import { routesOf } from "./routes.ts";
import { Runner } from "./runner.ts";

try {
  const given = readArguments(process.argv.slice(2));
  if (given === "help") process.stdout.write(usage);
  else await host(given);
} catch (thrown) {
  const error = toStreamFlowError(thrown, "SF_INTERNAL", "the runner failed");
  const hint = error.hint === undefined ? "" : `\n  hint: ${error.hint}`;
  process.stderr.write(`error[${error.code}]: ${error.message}${hint}\n`);
  process.exit(exitCodeOf(error));
}

async function host(given: RunnerArguments): Promise<void> {
  const made = createHost({ log: { level: given.logLevel, format: given.logFormat } });
  const { logger } = made.environment;
  const facts = watchProcess(logger);
  const runner = await Runner.open({ host: made, folder: resolve(given.folder), dataFolder: resolve(given.dataFolder) });
  const server = await serve({ ...given, routes: routesOf(runner, facts), logger, clock: made.environment.clock });
  if (!isLoopback(given.address)) logger.warn("whoever reaches this address can start and stop pipelines: keep it behind a proxy that asks who they are", { address: given.address });
  logger.info("the host is up", { url: server.url, pid: process.pid, folder: given.folder, dataFolder: given.dataFolder, pipelines: runner.infos.length });
  onSignals({ runner, server, logger, graceMs: given.graceMs });
  await runner.startAll();
}

interface Running {
  readonly runner: Runner;
  readonly server: HttpServer;
  readonly logger: Logger;
  readonly graceMs: number;
}

/** The first signal drains; the second ends at once. */
function onSignals(running: Running): void {
  let signals = 0;
  const stop = (signal: NodeJS.Signals): void => {
    signals++;
    if (signals > 1) process.exit(exitCodes.interrupted);
    running.logger.info("the host stops", { signal, graceMs: running.graceMs });
    void drain(running).then((code) => process.exit(code));
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
}

/** Readiness says that the host stops while it drains: the server is closed last. */
async function drain({ runner, server, logger, graceMs }: Running): Promise<number> {
  const { stuck } = await runner.drain(graceMs);
  await server.close();
  if (stuck.length > 0) {
    logger.error("the time for stopping is over: pipelines are aborted; they go on from their last checkpoint", { graceMs, pipelines: stuck });
    return exitCodes.aborted;
  }
  await runner.close();
  logger.info("the host has stopped", {});
  return exitCodes.ok;
}

/** A promise that nobody waited for harms no other pipeline: it is logged, and /healthz tells of it. */
function watchProcess(logger: Logger): { readonly unhandledRejections: number } {
  const facts = { unhandledRejections: 0 };
  process.on("unhandledRejection", (reason) => {
    facts.unhandledRejections++;
    const error = toStreamFlowError(reason, "SF_INTERNAL", "a promise was rejected and nobody waited for it");
    logger.error(error.message, { code: error.code, stack: reason instanceof Error ? reason.stack : undefined });
  });
  process.on("uncaughtException", (error) => {
    logger.error(StreamFlowError.is(error) ? error.message : `uncaught: ${error.message}`, { stack: error.stack });
    process.exit(exitCodes.failed);
  });
  return facts;
}

/** Who reaches it is on this machine; a socket's file says who may. */
function isLoopback(address: string): boolean {
  return isSocketPath(address) || address === "localhost" || address === "::1" || address.startsWith("127.");
}
