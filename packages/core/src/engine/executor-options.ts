// What an executor is given, and how its work ends.
import type { Fence } from "../contracts/checkpoint-store.ts";
import type { CommitObserver } from "../contracts/commit-observer.ts";
import type { Environment } from "../contracts/environment.ts";
import type { FunctionTable } from "../contracts/operator.ts";
import type { HostStores } from "../host.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";

/** What an executor is made of. */
export interface ExecutorOptions {
  readonly plan: PhysicalPlan;
  readonly environment: Environment;
  readonly stores: HostStores;
  readonly functions: FunctionTable;
  /** Unique to this process and start: who holds the leases. */
  readonly owner: string;
  /** @defaultValue 10_000 */
  readonly leaseMs?: number;
  /** Records that earlier attempts of the run have rejected, as far as they are committed. @defaultValue 0 */
  readonly rejectedBefore?: number;
  /** Leases that the run has kept while it slept. @defaultValue none */
  readonly held?: readonly Fence[];
  /** It falls asleep when there was no input for so long, and nothing keeps it awake. @defaultValue Infinity: never */
  readonly sleepAfterMs?: number;
  /** Set: it reads no input, but gives its dead letters to the nodes that refused them, once, and ends. Called with what became of them. */
  readonly replayed?: (result: ReplayResult) => void;
  /** Told what is committed. @defaultValue nobody */
  readonly observer?: CommitObserver;
  /** Called once, after it has fallen asleep, when there is input again. */
  readonly wake?: () => void;
}

/** What became of dead letters that were replayed. */
export interface ReplayResult {
  /** Given to the nodes that had refused them. */
  readonly replayed: number;
  /** Of these, refused again: they are dead letters as before. */
  readonly refused: number;
  /** Without a way back into the pipeline: they stay. */
  readonly left: number;
}

/** How a run ended. */
export type RunEnd = "finished" | "stopped";

/** How work ended: asleep, it has left nothing behind that is not committed. */
export type WorkEnd = RunEnd | "asleep";
