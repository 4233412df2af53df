// The environment of a production process.
import { getHeapStatistics } from "node:v8";
import { memoryBudget } from "../async/memory-budget.ts";
import type { Clock, Disk, Environment, FaultPlan, Logger, MemoryBudget, Metrics, OutputStream, Random, Secrets, Settings } from "../contracts/environment.ts";
import { systemClock } from "./clock.ts";
import { nodeDisk } from "./disk.ts";
import { jsonLogger, textLogger, type LogLevel, type LogStream } from "./logger.ts";
import { noMetrics } from "./no-metrics.ts";
import { standardOutput } from "./pipe-output.ts";
import { systemRandom } from "./random.ts";
import { Redactor } from "./redactor.ts";
import { envSecrets } from "./secrets.ts";
import { envSettings } from "./settings.ts";
import { streamPieces } from "./stream-pieces.ts";
import { nodeThreads } from "./threads.ts";

/** Options of {@link nodeEnvironment}: whatever is given replaces the machine's own. */
export interface NodeEnvironmentOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly disk?: Disk;
  readonly metrics?: Metrics;
  readonly logger?: Logger;
  readonly secrets?: Secrets;
  /** @defaultValue `process.env` */
  readonly settings?: Settings;
  readonly faults?: FaultPlan;
  /** A budget that is shared with others. Takes the place of `maxMemoryBytes`. */
  readonly budget?: MemoryBudget;
  /** Memory for records in flight, in bytes. @defaultValue a quarter of what the process may use */
  readonly maxMemoryBytes?: number;
  /** How the default logger writes. */
  readonly log?: { readonly format?: "text" | "json"; readonly level?: LogLevel; readonly stream?: LogStream };
}

/**
 * Makes the environment of a process: the machine's clock, randomness and files, secrets from environment variables,
 * log lines on standard error in which every secret that was read is hidden, and metrics that nobody reads.
 */
export function nodeEnvironment(options: NodeEnvironmentOptions = {}): Environment {
  const redactor = new Redactor();
  const clock = options.clock ?? systemClock();
  let stdout: OutputStream | undefined;
  return {
    clock,
    random: options.random ?? systemRandom(),
    disk: options.disk ?? nodeDisk(),
    logger: options.logger ?? logger(clock, redactor, options.log ?? {}),
    metrics: options.metrics ?? noMetrics(),
    secrets: redacting(options.secrets ?? envSecrets(), redactor),
    settings: options.settings ?? envSettings(process.env),
    budget: options.budget ?? memoryBudget(options.maxMemoryBytes ?? defaultBudgetBytes()),
    // Threads have the machine's files: with another disk there are none.
    ...(options.disk === undefined ? { threads: nodeThreads() } : {}),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    stdin: () => streamPieces(process.stdin),
    // Node makes the streams of a process when they are first asked for, and few pipelines write there.
    get stdout() {
      stdout ??= standardOutput();
      return stdout;
    },
  };
}

function logger(clock: Clock, redactor: Redactor, log: NonNullable<NodeEnvironmentOptions["log"]>): Logger {
  const make = log.format === "json" ? jsonLogger : textLogger;
  return make({ clock, redactor, level: log.level ?? "info", ...(log.stream === undefined ? {} : { stream: log.stream }) });
}

/** Secrets whose values the log hides from the moment that they are read. */
function redacting(secrets: Secrets, redactor: Redactor): Secrets {
  return {
    get(name) {
      const value = secrets.get(name);
      if (value !== undefined) redactor.add(value);
      return value;
    },
  };
}

function defaultBudgetBytes(): number {
  const heap = getHeapStatistics().heap_size_limit;
  // Node answers 0 where nothing constrains the process.
  const constrained = process.constrainedMemory() || Infinity;
  return Math.floor(Math.min(heap, constrained) / 4);
}
