// The batches of one executor: their bytes in the host's budget, from the moment they are read until nothing of them is on its way, and their part of a replay.
import type { MemoryBudget } from "../contracts/environment.ts";
import { type Batch, cutAfter } from "../record.ts";
import type { BatchRunner } from "./batch-runner.ts";
import { HeldMemory } from "./held-memory.ts";
import { Origin } from "./in-hand.ts";
import type { Replay } from "./replay.ts";
import type { Slot } from "./scheduler.ts";
import type { SinkPort } from "./sink-port.ts";

/** What the batches are worked on with. */
export interface BatchMemoryParts {
  readonly budget: MemoryBudget;
  readonly ports: readonly SinkPort[];
  readonly runner: BatchRunner;
  readonly replay: Replay;
  /** Waits until sinks have committed what they hold. */
  settle(): Promise<void>;
}

/** Runs batches within a budget. */
export class BatchMemory {
  readonly #parts: BatchMemoryParts;
  readonly #held: HeldMemory;

  constructor(parts: BatchMemoryParts) {
    this.#parts = parts;
    this.#held = new HeldMemory(parts.budget);
  }

  /** Takes the bytes of a batch; waits where there is no room before what is on its way, or held for sinks, is done with. */
  take({ byteLength }: Batch): void | Promise<void> {
    if (!this.#held.take(byteLength)) return this.#makeRoom(byteLength);
  }

  /** Runs a batch that was taken. */
  run(slot: Slot, batch: Batch): void | Promise<void> {
    const { runner, replay } = this.#parts;
    const part = this.#cutForReplay(slot, batch);
    const origin = this.#originOf(slot, { batch, part });
    const finish = (): void => {
      replay.park(slot);
      if (origin.isKept) this.#held.launch(batch.byteLength);
      origin.leave();
    };
    const done = runner.run(origin);
    if (done === undefined) return finish();
    return done.then(finish);
  }

  /** What sinks held is committed. */
  free(): void {
    this.#held.free();
  }

  close(): void {
    this.#held.close();
  }

  async #makeRoom(bytes: number): Promise<void> {
    await this.#parts.runner.drain();
    await this.#parts.settle();
    this.#held.free();
    this.#held.take(bytes);
  }

  #originOf({ task, rest }: Slot, { batch, part }: { readonly batch: Batch; readonly part: Batch }): Origin {
    const origin: Origin = new Origin(task, part, () => {
      if (origin.wasKept) this.#held.land(batch.byteLength);
      if (this.#parts.ports.some((port) => port.held)) this.#held.hold(batch.byteLength);
      else this.#held.give(batch.byteLength);
      if (rest === undefined) batch.release?.();
    });
    return origin;
  }

  /** A batch that reaches beyond the end of a replay is cut there, so that a checkpoint falls exactly between. */
  #cutForReplay(slot: Slot, batch: Batch): Batch {
    const stop = this.#parts.replay.stopOf(slot);
    const cut = stop === undefined ? undefined : cutAfter(batch, stop.until);
    if (cut === undefined) return batch;
    const [head, rest] = cut;
    slot.rest = batch.release === undefined ? rest : { ...rest, release: () => batch.release?.() };
    return head;
  }
}
