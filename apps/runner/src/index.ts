// Named exports only.
export { builtinRegistry } from "./builtins.ts";
export { createHost } from "./host.ts";
export type { RunnerHost, RunnerHostOptions } from "./host.ts";
export { Runner } from "./runner.ts";
export type { DrainResult, RunnerOptions } from "./runner.ts";
export type { HostedPipeline, PipelineInfo, PipelineProblem, PipelineStatus } from "./hosted-pipeline.ts";
