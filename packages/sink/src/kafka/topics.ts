// The topics that output goes to: what is known of them, asked for once.
import { StreamFlowError } from "@streamflow/core";
import type { KafkaProducer } from "./producer.ts";
import type { OutputTopic } from "./staging.ts";

/** Topics by name. Their partitions are looked up once: more of them are seen after a restart of the pipeline. */
export class Topics {
  readonly #producer: KafkaProducer;
  readonly #what: string;
  readonly #known = new Map<string, OutputTopic>();

  constructor(producer: KafkaProducer, what: string) {
    this.#producer = producer;
    this.#what = what;
  }

  known(name: string): OutputTopic | undefined {
    return this.#known.get(name);
  }

  /** @throws {@link StreamFlowError} SF_CONFIG_INVALID for one that is missing */
  async look(names: Iterable<string>): Promise<void> {
    await Promise.all([...names].map(async (name) => {
      const topic = await this.#producer.topic(name);
      if (topic === undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `${this.#what}: there is no topic "${name}"`, { hint: `create it: kafka-topics --create --topic ${name} --partitions …` });
      this.#known.set(name, { name, ...topic });
    }));
  }
}
