// The open sources of one executor, and what they say about their partitions.
import type { Environment } from "../contracts/environment.ts";
import type { PartitionAssignment, PartitionEvents, PollLimits, PollResult, SourceSession } from "../contracts/source.ts";
import { StreamFlowError, toStreamFlowError } from "../errors.ts";
import type { FunctionTable } from "../contracts/operator.ts";
import { programBeside, type ThreadAdder } from "../contracts/thread-program.ts";
import { addedUp } from "../plan/added-up.ts";
import { mayGenerateCode } from "../plan/code-generation.ts";
import { parallelismOf } from "../plan/parallelism.ts";
import type { PhysicalNode, PhysicalPlan } from "../plan/physical-plan.ts";
import type { Position } from "../record.ts";
import type { Slot } from "./scheduler.ts";
import type { ShardSnapshot } from "./snapshot.ts";
import type { PartitionTask } from "./task.ts";
import type { AdderOptions } from "./thread-adder.ts";

/** What happens when a source tells of its partitions. */
export interface SourceHandlers {
  assigned(source: string, partitions: readonly PartitionAssignment[]): Promise<ReadonlyMap<string, Position | undefined>>;
  revoked(source: string, partitions: readonly string[]): Promise<void>;
  lost(source: string, partitions: readonly string[]): void;
  /** A source may have something to read again. */
  ready(source: string): void;
  failed(error: unknown): void;
}

/** What opening needs. */
export interface SourcesParts {
  readonly plan: PhysicalPlan;
  readonly environment: Environment;
  readonly functions: FunctionTable;
  readonly signal: AbortSignal;
  readonly limits: PollLimits;
  readonly handlers: SourceHandlers;
}

/** Opens, polls and closes the sources of a plan. */
export class Sources {
  readonly #parts: SourcesParts;
  readonly #sessions = new Map<string, SourceSession>();
  readonly #watched = new Set<string>();

  constructor(parts: SourcesParts) {
    this.#parts = parts;
  }

  /** Opens all sources, one after another; each tells its first partitions before the next is opened (SRC-13). */
  async open(): Promise<void> {
    const { plan, environment, signal, limits, handlers } = this.#parts;
    for (const entry of plan.nodes) {
      const { node } = entry;
      if (node.kind !== "source" || node.source === undefined) continue;
      const source = node.id;
      const partitions: PartitionEvents = {
        assigned: (assignments) => handlers.assigned(source, assignments),
        revoked: (names) => handlers.revoked(source, names),
        lost: (names) => handlers.lost(source, names),
        failed: (error) => handlers.failed(toStreamFlowError(error, "SF_SOURCE_FAILED", `source "${source}"`)),
      };
      const projection = plan.projections.get(source) ?? "all";
      const parallelism = parallelismOf(node, plan.logical.config);
      if (parallelism > 1 && environment.threads === undefined) environment.logger.warn(`source "${source}" is read by one thread: the environment has no others`, { parallelism });
      try {
        const session = await node.source.open({ environment, node: source, projection, columns: mayGenerateCode(), parallelism, ...this.#adder(entry, parallelism), partitions, signal, maxRejectedBytes: plan.logical.config.deadLetters?.maxBytes ?? 65_536, limits });
        this.#sessions.set(source, session);
      } catch (error) {
        throw toStreamFlowError(error, "SF_SOURCE_FAILED", `source "${source}"`);
      }
    }
  }

  /** What other threads do with the records besides decoding them. */
  #adder(entry: PhysicalNode, parallelism: number): { readonly adder?: ThreadAdder } {
    const { plan, environment, functions } = this.#parts;
    const stages = parallelism === 1 ? [] : addedUp(plan, entry, functions).stages;
    const [first] = stages;
    if (first === undefined) return {};
    const options: AdderOptions = {
      input: first.inputShapes[0]!,
      stages: stages.map(({ node: { id, type, config, definition } }) => ({ id, type, config, module: definition!.threads!(config as never)!.href })),
      nowMs: environment.clock.nowMs(),
    };
    return { adder: { module: programBeside("thread-adder", import.meta.url).href, name: "adder", options } };
  }

  poll(task: PartitionTask, limits: PollLimits): PollResult {
    const { source, partition } = task.parts;
    try {
      return this.#session(source).poll(partition, limits);
    } catch (error) {
      throw toStreamFlowError(error, "SF_SOURCE_FAILED", `source "${source}", partition "${partition}"`);
    }
  }

  /** Asks a source to call `ready` when polling may help; once at a time. */
  watch(source: string): void {
    if (this.#watched.has(source)) return;
    this.#watched.add(source);
    const { handlers } = this.#parts;
    this.#session(source).ready().then(
      () => {
        this.#watched.delete(source);
        handlers.ready(source);
      },
      (error: unknown) => handlers.failed(toStreamFlowError(error, "SF_SOURCE_FAILED", `source "${source}"`)),
    );
  }

  /** Whether all sources have nothing to read, and will call `wake` when one of them has (SRC-15). */
  sleep(wake: () => void): boolean {
    return [...this.#sessions.values()].every((session) => session.sleep?.(wake) === true);
  }

  /** All sources know how to wake a sleeper. */
  get canSleep(): boolean {
    return [...this.#sessions.values()].every((session) => session.sleep !== undefined);
  }

  /** Tells the sources what is committed. */
  async committed(source: string, positions: ReadonlyMap<string, Position>): Promise<void> {
    await this.#sessions.get(source)?.committed?.(positions);
  }

  /** 0 … 1 over all sources that know their size. */
  progress(): number | undefined {
    const known = [...this.#sessions.values()].map(progressOf).filter((p) => p !== undefined);
    return known.length === 0 ? undefined : known.reduce((sum, p) => sum + p, 0) / known.length;
  }

  async close(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(sessions.map((session) => session.close()));
  }

  #session(source: string): SourceSession {
    const session = this.#sessions.get(source);
    if (session === undefined) throw new StreamFlowError("SF_INTERNAL", `source "${source}" is not open`);
    return session;
  }
}

/** For people alone: a source that cannot say how far it is fails nothing, least of all the closing of an attempt. */
function progressOf(session: SourceSession): number | undefined {
  try {
    return session.progress?.();
  } catch {
    return undefined;
  }
}

/** Bounds of a batch, as the plan says. */
export function pollLimits(plan: PhysicalPlan): PollLimits {
  const { maxRecords = 8_192, maxBytes = 1 << 20 } = plan.logical.config.batch ?? {};
  return { maxRecords, maxBytes };
}

/** Tells the sources what will never be asked for again. */
export async function tellCommitted(sources: Sources, slots: readonly Slot[], snapshots: readonly ShardSnapshot[]): Promise<void> {
  for (const { task } of slots) {
    const { source, partition } = task.parts;
    const position = snapshots.find((snapshot) => snapshot.shard === task.shard)?.positions[partition];
    if (position !== undefined) await sources.committed(source, new Map([[partition, position]]));
  }
}
