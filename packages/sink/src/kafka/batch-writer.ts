// Puts the records of a batch into the batches of their partitions, those of each shard with its owner.
import { abortable, BatchError, type BatchFailure, ChangeKind, type SinkBatch, type SinkContext, StreamFlowError, toStreamFlowError } from "@streamflow/core";
import type { RecordForm } from "./record-form.ts";
import type { HeldBytes, Staging } from "./staging.ts";
import type { Topics } from "./topics.ts";

/** What records are written with. */
export interface WriterParts {
  readonly context: SinkContext;
  /** For messages. */
  readonly name: string;
  readonly form: RecordForm;
  readonly topics: Topics;
  readonly held: HeldBytes;
}

/** Where they go. */
export interface WriterTargets {
  /** Undefined: nobody may write the shard yet. */
  stagingOf(shard: string): Staging | undefined;
  /** Makes shards ready. */
  claim(shards: readonly string[]): Promise<void>;
  sendAll(): void;
  /** What a failure of delivery means. */
  explain(thrown: unknown): Promise<StreamFlowError>;
}

interface Missing {
  readonly shards: readonly string[];
  readonly topics: readonly string[];
}

/** Puts batches of records into the staging of their shards. */
export class BatchWriter {
  readonly #parts: WriterParts;
  readonly #targets: WriterTargets;

  constructor(parts: WriterParts, targets: WriterTargets) {
    this.#parts = parts;
    this.#targets = targets;
  }

  /** @throws BatchError for records that cannot be written; the others are */
  write(batch: SinkBatch): void | Promise<void> {
    const missing = this.#missing(batch);
    return missing === undefined ? this.#stage(batch) : this.#prepare(missing).then(() => this.#stage(batch));
  }

  #missing(batch: SinkBatch): Missing | undefined {
    const { form, topics } = this.#parts;
    const shards = shardsOf(batch).filter((shard) => this.#targets.stagingOf(shard) === undefined);
    const names = form.constantTopic === undefined ? new Set(batch.values.flatMap((value) => this.#unknownTopic(value))) : new Set<string>();
    if (form.constantTopic !== undefined && topics.known(form.constantTopic) === undefined) names.add(form.constantTopic);
    return shards.length === 0 && names.size === 0 ? undefined : { shards, topics: [...names] };
  }

  #unknownTopic(value: unknown): readonly string[] {
    try {
      const name = this.#parts.form.topicOf(value);
      return this.#parts.topics.known(name) === undefined ? [name] : [];
    } catch {
      // It is refused when its turn comes.
      return [];
    }
  }

  async #prepare({ shards, topics }: Missing): Promise<void> {
    const looked = Promise.all([this.#parts.topics.look(topics), shards.length === 0 ? undefined : this.#targets.claim(shards)]);
    try {
      await abortable(looked, this.#parts.context.signal);
    } catch (thrown) {
      throw await this.#targets.explain(thrown);
    }
  }

  #stage(batch: SinkBatch): void | Promise<void> {
    const failures: BatchFailure[] = [];
    const { shard } = batch;
    let staging = shard === undefined ? undefined : this.#targets.stagingOf(shard);
    const nowMs = this.#parts.context.environment.clock.nowMs();
    for (let index = 0; index < batch.length; index++) {
      if (batch.changes?.[index] === ChangeKind.updateBefore) continue;
      if (shard === undefined) staging = this.#targets.stagingOf(batch.identityAt(index).shard);
      if (staging === undefined) throw new StreamFlowError("SF_INTERNAL", `${this.#parts.name}: a shard was not claimed`);
      try {
        this.#add(batch, index, { staging, nowMs });
      } catch (thrown) {
        failures.push({ index, error: toStreamFlowError(thrown, "SF_CODEC_ENCODE", "a record cannot be written") });
      }
    }
    if (failures.length > 0) throw new BatchError(`${failures.length} of ${batch.length} records cannot be written: ${failures[0]?.error.message}`, failures);
    return this.#wait(staging);
  }

  #add(batch: SinkBatch, index: number, { staging, nowMs }: { readonly staging: Staging; readonly nowMs: number }): void {
    const { form, topics } = this.#parts;
    const value = batch.values[index];
    const topic = topics.known(form.topicOf(value));
    if (topic === undefined) throw new StreamFlowError("SF_INTERNAL", "a topic was not looked up");
    form.read(batch, index);
    const timeMs = batch.timestamps[index] ?? NaN;
    form.parts.timestampMs = timeMs >= 0 ? Math.trunc(timeMs) : nowMs;
    staging.add(form.parts, topic, form.partition(value, topic.partitions));
  }

  /** Fails where an earlier batch could not be delivered, and waits for room (SNK-8). */
  #wait(staging: Staging | undefined): void | Promise<void> {
    const { held, context } = this.#parts;
    if (staging?.failure !== undefined) return this.#fail(staging);
    if (!held.isFull) return;
    this.#targets.sendAll();
    return abortable(held.room(), context.signal).then(() => this.#fail(staging));
  }

  async #fail(staging: Staging | undefined): Promise<void> {
    if (staging?.failure !== undefined) throw await this.#targets.explain(staging.failure.error);
  }
}

function shardsOf(batch: SinkBatch): readonly string[] {
  if (batch.shard !== undefined) return [batch.shard];
  return [...new Set(Array.from({ length: batch.length }, (_, index) => batch.identityAt(index).shard))];
}
