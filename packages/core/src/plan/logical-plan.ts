// The logical plan: what a pipeline is, before anything is opened. The same from typed code and from YAML.
import type { Sink } from "../contracts/sink.ts";
import type { Source } from "../contracts/source.ts";
import type { AnyOperatorDefinition } from "../registry.ts";
import type { DeadLetterPolicy, DeliveryPolicy, RestartPolicy } from "./policies.ts";

/** Configuration of a pipeline. */
export interface PipelineConfig {
  /** Unique in its data folder; part of every identity. */
  readonly name: string;
  readonly batch?: { readonly maxRecords?: number; readonly maxBytes?: number; readonly maxDelayMs?: number };
  readonly checkpoint?: {
    /** @defaultValue 1000 */
    readonly everyMs?: number;
    /** `sync` waits until it is durable; `async` copies between batches and writes behind. @defaultValue "async" */
    readonly mode?: "sync" | "async";
    /** How many are kept of each shard, besides those that a sink may still name. @defaultValue 3 */
    readonly keep?: number;
  };
  readonly restart?: RestartPolicy;
  readonly deadLetters?: DeadLetterPolicy;
  readonly delivery?: DeliveryPolicy;
  /** Allows state that can grow for ever. @defaultValue false */
  readonly unboundedState?: boolean;
  /** Sources further ahead in event time than this are held. @defaultValue unlimited */
  readonly maxDriftMs?: number;
  /**
   * How many threads read each source that several can read, the pipeline's own among them. Results and checkpoints do not depend on it.
   * @defaultValue 1: no other thread is started
   */
  readonly parallelism?: number;
}

/** A node of the plan. Live parts (source, sink, definition, functions in `config`) are left out of its canonical form. */
export interface PlanNode {
  /** Stable: names state, dead letters and metrics. Unique in the plan. */
  readonly id: string;
  /** Whether the user gave the id: state refuses a generated one where it could move to another node. */
  readonly named: boolean;
  readonly kind: "source" | "stage" | "sink";
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly source?: Source;
  readonly sink?: Sink;
  readonly definition?: AnyOperatorDefinition;
  /** A stage that offers only `process`. */
  readonly bridge?: (stream: AsyncIterable<unknown>) => AsyncIterable<unknown>;
}

/** From an output of a node to an input of another. */
export interface PlanEdge {
  readonly from: string;
  /** "main", or a side output such as "late". */
  readonly output: string;
  readonly to: string;
  /** "main", or a named input such as "left". */
  readonly input: string;
}

/** A pipeline as data. Nodes are in the order they were added. */
export interface LogicalPlan {
  readonly config: PipelineConfig;
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly PlanEdge[];
}
