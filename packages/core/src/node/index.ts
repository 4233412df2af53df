// The machine behind core's contracts: clock, randomness, files, secrets, logs.
export { systemClock } from "./clock.ts";
export { nodeDisk } from "./disk.ts";
export type { NodeDiskOptions } from "./disk.ts";
export type { DiskFailure } from "./disk-error.ts";
export { nodeEnvironment } from "./environment.ts";
export type { NodeEnvironmentOptions } from "./environment.ts";
export { jsonLogger, textLogger } from "./logger.ts";
export type { LoggerOptions, LogLevel, LogStream } from "./logger.ts";
export { noMetrics } from "./no-metrics.ts";
export { systemRandom } from "./random.ts";
export { Redactor } from "./redactor.ts";
export { envSecrets } from "./secrets.ts";
export { envSettings } from "./settings.ts";
export type { EnvSecretsOptions } from "./secrets.ts";
export { nodeThreads } from "./threads.ts";
export { nextTurn } from "./turn.ts";
