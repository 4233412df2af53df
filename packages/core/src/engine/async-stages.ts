// The asynchronous stages of one executor: when there are answers to hand on, and whether more may be read.
import type { Clock } from "../contracts/environment.ts";
import type { Cursor } from "../contracts/operator.ts";
import { CallSlots } from "./call-slots.ts";

/** What records are made from, kept while they are on their way: a batch. */
export interface Kept {
  keep(): void;
  leave(): void;
}

/** What the records that now go through the operators are made from. */
export interface Hand {
  origin: Kept | undefined;
  item: string;
  take(origin?: Kept, item?: string): void;
}

/** An asynchronous instance, as the others see it. */
export interface AnsweredStage {
  /** Its place in topological order. */
  readonly rank: number;
  /** Records are on their way. */
  readonly isOpen: boolean;
  /** Hands on what may go on, and adds the batches that it needs no more. */
  letOut(gone: Kept[]): void;
}

/** What the stages share. */
export interface AsyncStagesParts {
  readonly clock: Pick<Clock, "soon">;
  readonly cursor: Cursor;
  readonly signal: AbortSignal;
  readonly inHand: Hand;
  /** There are answers to hand on. */
  wake(): void;
}

/** All asynchronous instances. */
export class AsyncStages {
  readonly cursor: Cursor;
  readonly signal: AbortSignal;
  readonly inHand: Hand;
  readonly #parts: AsyncStagesParts;
  readonly #slots = new Map<string, CallSlots>();
  readonly #stages = new Set<AnsweredStage>();
  readonly #ready = new Set<AnsweredStage>();
  #isTold = false;
  #resume: (() => void) | undefined;

  constructor(parts: AsyncStagesParts) {
    this.#parts = parts;
    this.cursor = parts.cursor;
    this.signal = parts.signal;
    this.inHand = parts.inHand;
  }

  /** The places for calls of a node, shared by its partitions. */
  slotsOf(node: string, concurrency: number): CallSlots {
    let slots = this.#slots.get(node);
    if (slots === undefined) this.#slots.set(node, (slots = new CallSlots(concurrency)));
    return slots;
  }

  add(stage: AnsweredStage): void {
    this.#stages.add(stage);
  }

  /** Forgets an instance that goes away. Nothing is on its way in it, or nobody wants it any more. */
  remove(stage: AnsweredStage): void {
    this.#stages.delete(stage);
    this.#ready.delete(stage);
  }

  /** Answers wait to be handed on. */
  get isReady(): boolean {
    return this.#ready.size > 0;
  }

  /** Nothing more should be read for now. */
  get isFull(): boolean {
    for (const slots of this.#slots.values()) if (slots.isFull) return true;
    return false;
  }

  /** Records are on their way. */
  get isOpen(): boolean {
    for (const stage of this.#stages) if (stage.isOpen) return true;
    return false;
  }

  /** Somebody sleeps in `next`. */
  get isWaiting(): boolean {
    return this.#resume !== undefined;
  }

  /** A stage has an answer. All that come in one turn of the event loop are told once. */
  answered(stage: AnsweredStage): void {
    this.#ready.add(stage);
    if (this.#isTold) return;
    this.#isTold = true;
    this.#parts.clock.soon(() => {
      this.#isTold = false;
      this.#parts.wake();
      this.wake();
    });
  }

  /** Hands on what there are answers for, upstream first. Answers the batches that were needed for it, each as often as it was kept. */
  letOut(): readonly Kept[] {
    const gone: Kept[] = [];
    while (this.#ready.size > 0) {
      let first: AnsweredStage | undefined;
      for (const stage of this.#ready) if (first === undefined || stage.rank < first.rank) first = stage;
      this.#ready.delete(first!);
      first!.letOut(gone);
    }
    return gone;
  }

  /** Resolves when there are answers, or when woken. */
  next(): Promise<void> {
    if (this.isReady) return Promise.resolve();
    return new Promise((resolve) => (this.#resume = resolve));
  }

  wake(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** Begins no further call. */
  close(): void {
    for (const slots of this.#slots.values()) slots.close();
    this.#ready.clear();
  }
}
