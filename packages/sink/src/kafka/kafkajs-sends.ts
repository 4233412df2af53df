// Batches on their way through a producer of kafkajs: one request after another, so that order is kept; what waits meanwhile goes with the next one.
import type { KafkaJsBatch, KafkaJsMessage } from "./kafkajs-batch.ts";

/** What is sent at once. */
export type TopicMessages = { topic: string; messages: KafkaJsMessage[] }[];

interface Waiting {
  readonly topic: string;
  readonly partition: number;
  readonly batch: KafkaJsBatch;
  readonly done: PromiseWithResolvers<void>;
}

export class KafkaJsSends {
  readonly #request: (topicMessages: TopicMessages) => Promise<void>;
  #waiting: Waiting[] = [];
  #isSending = false;
  #failure: { readonly error: unknown } | undefined;

  /** @param request sends, and has tried again what passes */
  constructor(request: (topicMessages: TopicMessages) => Promise<void>) {
    this.#request = request;
  }

  /** Resolves when the batch is there for good. */
  send(topic: string, partition: number, batch: KafkaJsBatch): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error as Error);
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ topic, partition, batch, done });
    if (!this.#isSending) void this.#run();
    return done.promise;
  }

  async #run(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) {
      const round = this.#nextRound();
      const topics = Map.groupBy(round, ({ topic }) => topic);
      try {
        await this.#request([...topics].map(([topic, ones]) => ({ topic, messages: ones.flatMap(({ partition, batch }) => batch.messages(partition)) })));
        for (const { done } of round) done.resolve();
      } catch (error) {
        this.#failure = { error };
        for (const { done } of [...round, ...this.#waiting.splice(0)]) done.reject(error as Error);
      }
    }
    this.#isSending = false;
  }

  /** One batch of each partition: two together may be larger than the broker takes. */
  #nextRound(): readonly Waiting[] {
    const names = new Set<string>();
    const rest: Waiting[] = [];
    const round = this.#waiting.filter((waiting) => {
      const name = `${waiting.topic}-${waiting.partition}`;
      const isFirst = !names.has(name);
      names.add(name);
      if (!isFirst) rest.push(waiting);
      return isFirst;
    });
    this.#waiting = rest;
    return round;
  }
}
