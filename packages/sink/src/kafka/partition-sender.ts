// Batches of one producer on their way into one partition: several under way, in order, each once.
//   KS1. Batches have consecutive sequence numbers: the broker takes one only behind the one before, and knows the last five again.
//   KS2. At most five are under way. Where one fails, nothing more is sent until the others have been answered; then all that are not there
//        for good are sent again, in their order and with their numbers.
//   KS3. What does not pass fails everything that waits: what comes behind it could not be taken.
import { backoffDelayMs, sleep } from "@streamflow/core";
import { brokerErrorOf } from "@streamflow/kafka";
import { mayPass, type WireCluster } from "./wire-cluster.ts";
import type { WireBatch } from "./wire-batch.ts";

const mostUnderWay = 5;
const sequences = 2 ** 31;

/** Who sends. */
export interface SenderIdentity {
  readonly transactionalId: string | undefined;
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly done: PromiseWithResolvers<void>;
}

/** The way into one partition. */
export class PartitionSender {
  readonly #cluster: WireCluster;
  readonly #to: { readonly topic: string; readonly partition: number };
  readonly #identity: SenderIdentity;
  #sequence = 0;
  /** In order: first those under way, then those that are not. */
  readonly #waiting: Waiting[] = [];
  #underWay = 0;
  #isMending = false;
  #failure: { readonly error: unknown } | undefined;
  /** When the oldest of a row of failures began. */
  #failingSinceMs: number | undefined;
  #failures = 0;

  constructor(cluster: WireCluster, to: { readonly topic: string; readonly partition: number }, identity: SenderIdentity) {
    this.#cluster = cluster;
    this.#to = to;
    this.#identity = identity;
  }

  /** Resolves when the batch is there for good. */
  send(batch: WireBatch): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error as Error);
    const { producerId, producerEpoch, transactionalId } = this.#identity;
    const bytes = batch.seal({ producerId, producerEpoch, sequence: this.#sequence, isTransactional: transactionalId !== undefined });
    this.#sequence = (this.#sequence + batch.count) % sequences;
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, done });
    this.#pump();
    return done.promise;
  }

  #pump(): void {
    while (!this.#isMending && this.#failure === undefined && this.#underWay < Math.min(mostUnderWay, this.#waiting.length)) {
      const next = this.#waiting[this.#underWay];
      if (next === undefined) return;
      this.#underWay++;
      void this.#send(next);
    }
  }

  async #send(waiting: Waiting): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    try {
      await this.#cluster.produce({ ...this.#to, transactionalId: this.#identity.transactionalId, batch: waiting.bytes });
    } catch (error) {
      failure = { error };
    }
    if (this.#failure !== undefined) return;
    if (failure === undefined || brokerErrorOf(failure.error) === "DUPLICATE_SEQUENCE_NUMBER") this.#settled(waiting);
    else if (this.#mayMend(failure.error, waiting)) this.#isMending = true;
    else return this.#fail(failure.error);
    this.#underWay--;
    if (!this.#isMending) this.#pump();
    else if (this.#underWay === 0) void this.#mend(failure?.error);
  }

  #settled(waiting: Waiting): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    waiting.done.resolve();
    if (this.#isMending) return;
    this.#failingSinceMs = undefined;
    this.#failures = 0;
  }

  /** Behind one that has failed, all others fail by their number. */
  #mayMend(error: unknown, waiting: Waiting): boolean {
    const isBehind = brokerErrorOf(error) === "OUT_OF_ORDER_SEQUENCE_NUMBER" && (this.#isMending || this.#waiting[0] !== waiting);
    const { clock, deliveryTimeoutMs } = this.#cluster.parts;
    this.#failingSinceMs ??= clock.monotonicMs();
    return isBehind || (mayPass(error) && clock.monotonicMs() - this.#failingSinceMs < deliveryTimeoutMs);
  }

  /** All answers are in: waits, and begins again with the oldest. */
  async #mend(error: unknown): Promise<void> {
    const { clock, random, logger, what } = this.#cluster.parts;
    const { topic, partition } = this.#to;
    if (this.#failures === 0) logger.debug(`${what}: ${topic}-${partition}: a batch is sent again`, { error: String(error) });
    await sleep(clock, backoffDelayMs({ initialDelayMs: 20, maxDelayMs: 1_000 }, this.#failures++, random));
    // Who leads may have changed. A cluster that does not answer does not answer the next batch either.
    await this.#cluster.wire.refresh([topic]).catch(() => undefined);
    this.#isMending = false;
    this.#pump();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    for (const { done } of this.#waiting.splice(0)) done.reject(error as Error);
  }
}
