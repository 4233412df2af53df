// How many threads read each source (docs/adr/0004).
import { StreamFlowError } from "../errors.ts";
import type { PipelineConfig, PlanNode } from "./logical-plan.ts";

const most = 256;

/** @throws {@link StreamFlowError} SF_CONFIG_INVALID unless it is a whole number from 1 to 256; `what` it belongs to is named */
export function checkParallelism(parallelism: number, what: string): void {
  if (Number.isSafeInteger(parallelism) && parallelism >= 1 && parallelism <= most) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", `parallelism of ${what} must be a whole number from 1 to ${most}, got ${parallelism}`);
}

/** How many threads read a source, the pipeline's own among them: as the source says, else the pipeline; 1 where only one can. */
export function parallelismOf({ source }: Pick<PlanNode, "source">, config: PipelineConfig): number {
  return source?.capabilities.parallel === true ? (source.parallelism ?? config.parallelism ?? 1) : 1;
}
