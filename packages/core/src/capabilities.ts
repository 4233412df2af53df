// What can be used in a process, from what its components say of themselves.
import type { Capability } from "./contracts/capability.ts";
import type { Environment } from "./contracts/environment.ts";
import type { Registry } from "./registry.ts";

/** A source or sink, and whether it can be used. */
export interface ComponentCapability extends Capability {
  readonly kind: "source" | "sink";
  /** What pipelines name it by. */
  readonly type: string;
  /** One sentence. */
  readonly summary: string;
  /** Whether a pipeline with it can run in this process: `enabled`, or `unconfigured` where the pipeline names its broker. */
  readonly isEnabled: boolean;
}

/** All sources, then all sinks, each by type. Opens, loads and connects to nothing. */
export function capabilitiesOf(registry: Registry, environment: Environment): readonly ComponentCapability[] {
  const kinds = ["source", "sink"] as const;
  return kinds.flatMap((kind) =>
    registry.components(kind).map((spec) => {
      const { type, summary } = spec;
      const found: Capability = spec.capability?.(environment) ?? { status: "enabled" };
      return { kind, type, summary, isEnabled: found.status === "enabled" || found.status === "unconfigured", ...found };
    }),
  );
}
