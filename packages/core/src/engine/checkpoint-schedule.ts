// When checkpoints are taken: by time, on demand, never two at once, and none while a sink catches up.
import type { Clock } from "../contracts/environment.ts";
import type { Checkpointer, CheckpointResult, PendingCheckpoint } from "./checkpointer.ts";

/** What the schedule is made of. */
export interface CheckpointScheduleParts {
  readonly clock: Clock;
  readonly checkpointer: Checkpointer;
  /** From one barrier to the next, in milliseconds. */
  readonly everyMs: number;
  /** Whether to wait until a checkpoint is committed before going on. */
  readonly isSynchronous: boolean;
  /** A sink catches up with another one: a checkpoint now would fall between them. */
  isReplaying(): boolean;
  /** A sink holds so much of this epoch that it should end. */
  isUrgent(): boolean;
  completed(result: CheckpointResult): void;
  failed(error: unknown): void;
  /** Hands on what was held while sinks committed. */
  flush(): void | Promise<void>;
}

/** The checkpoints of one executor. */
export class CheckpointSchedule {
  readonly #parts: CheckpointScheduleParts;
  #pending: PendingCheckpoint | undefined;
  #lastBarrierMs: number;
  /** Something has changed since the last barrier. */
  isDirty: boolean = false;

  constructor(parts: CheckpointScheduleParts) {
    this.#parts = parts;
    this.#lastBarrierMs = parts.clock.monotonicMs();
  }

  /** A checkpoint is on its way. */
  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Milliseconds until the next barrier is due; Infinity: none is. */
  get dueInMs(): number {
    if (!this.isDirty || this.isPending || this.#parts.isReplaying()) return Infinity;
    if (this.#parts.isUrgent()) return 0;
    return this.#lastBarrierMs + this.#parts.everyMs - this.#parts.clock.monotonicMs();
  }

  /** Takes a checkpoint if one is due. */
  async tick(): Promise<void> {
    if (this.dueInMs <= 0) await this.#begin();
  }

  /** Takes a checkpoint and waits until it is committed. */
  async takeNow(): Promise<CheckpointResult> {
    await this.settle();
    const pending = await this.#begin();
    const result = await pending.done;
    await this.#parts.flush();
    return result;
  }

  /** Makes sure that everything so far is committed. During a replay there is nothing new to keep. */
  async takeIfDirty(): Promise<void> {
    await this.settle();
    if (this.isDirty && !this.#parts.isReplaying()) await this.takeNow();
  }

  /** Waits for the checkpoint that is on its way. */
  async settle(): Promise<void> {
    await this.#pending?.done;
    await this.#parts.flush();
  }

  /** Waits for the end of what is on its way, however it ends. */
  async ended(): Promise<void> {
    await this.#pending?.done.catch(() => undefined);
  }

  async #begin(): Promise<PendingCheckpoint> {
    const { clock, checkpointer, isSynchronous } = this.#parts;
    this.#lastBarrierMs = clock.monotonicMs();
    this.isDirty = false;
    const pending = await checkpointer.begin();
    this.#pending = pending;
    pending.done.then(
      (result) => {
        if (this.#pending === pending) this.#pending = undefined;
        this.#parts.completed(result);
      },
      (error: unknown) => this.#parts.failed(error),
    );
    if (isSynchronous) await pending.done;
    return pending;
  }
}
