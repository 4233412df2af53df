// Output on its way: one open batch for each partition, sent when it is full; what is held altogether is bounded.
import { StreamFlowError } from "@streamflow/core";
import type { RecordParts } from "@streamflow/kafka";
import type { Delivery, KafkaProducer, ProducedTopic, ProducerBatch } from "./producer.ts";

/** Bytes that a session holds: of open batches and of those under way. */
export class HeldBytes {
  readonly #most: number;
  #held = 0;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  add(bytes: number): void {
    this.#held += bytes;
  }

  remove(bytes: number): void {
    this.#held -= bytes;
    if (this.#held > this.#most / 2) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  get isFull(): boolean {
    return this.#held > this.#most;
  }

  /** Resolves when half of it is free again. */
  room(): Promise<void> {
    return (this.#room ??= Promise.withResolvers<void>()).promise;
  }

  /** Whoever waits for room has to look at what failed. */
  release(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

/** A topic that output goes to. */
export interface OutputTopic extends ProducedTopic {
  readonly name: string;
}

/** What staging is made from. */
export interface StagingParts {
  readonly producer: KafkaProducer;
  readonly delivery: Delivery;
  readonly held: HeldBytes;
  /** A batch of this size is sent. */
  readonly batchBytes: number;
}

interface OpenTopic {
  readonly name: string;
  readonly batches: (ProducerBatch | undefined)[];
  /** Where records without a key go now. */
  sticky: number;
}

/** The output of one producer. */
export class Staging {
  readonly #parts: StagingParts;
  readonly #open = new Map<string, OpenTopic>();
  readonly #underWay = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: StagingParts) {
    this.#parts = parts;
  }

  /**
   * Appends a record. What could not be delivered is in `failure`, and thrown by `settled`.
   *
   * @param partition undefined: any; the same one until its batch is sent.
   * @throws {@link StreamFlowError} SF_RECORD_TOO_LARGE
   */
  add(record: RecordParts, topic: OutputTopic, partition: number | undefined): void {
    const { producer, held, batchBytes } = this.#parts;
    const size = sizeOf(record);
    const open = this.#openTopic(topic.name);
    const to = partition ?? open.sticky % topic.partitions;
    const before = open.batches[to];
    if (before !== undefined && before.byteLength + size > Math.min(topic.maxBatchBytes, Math.max(batchBytes, size))) this.#send(open, to);
    const batch = open.batches[to] ?? producer.batch();
    const held0 = open.batches[to] === undefined ? 0 : batch.byteLength;
    batch.add(record);
    if (batch.count === 1 && batch.byteLength > topic.maxBatchBytes) mustFit(batch, topic);
    open.batches[to] = batch;
    held.add(batch.byteLength - held0);
    if (batch.byteLength >= batchBytes) this.#send(open, to);
  }

  /** Sends all that is open. */
  sendAll(): void {
    for (const open of this.#open.values()) open.batches.forEach((batch, partition) => batch !== undefined && this.#send(open, partition));
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.#underWay.size === 0;
  }

  /** What delivering has failed with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Sends all, and waits until it is there. @throws what delivering has failed with */
  async settled(): Promise<void> {
    this.sendAll();
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Forgets what is open, and what has failed. */
  forget(): void {
    for (const { batches } of this.#open.values()) for (const batch of batches) this.#parts.held.remove(batch?.byteLength ?? 0);
    this.#open.clear();
    this.#failure = undefined;
  }

  #openTopic(name: string): OpenTopic {
    let open = this.#open.get(name);
    if (open === undefined) this.#open.set(name, (open = { name, batches: [], sticky: 0 }));
    return open;
  }

  #send(open: OpenTopic, partition: number): void {
    const batch = open.batches[partition];
    if (batch === undefined) return;
    open.batches[partition] = undefined;
    open.sticky = partition + 1;
    const { held, delivery } = this.#parts;
    const bytes = batch.byteLength;
    const sent: Promise<void> = delivery.send(open.name, partition, batch).catch((error: unknown) => void (this.#failure ??= { error })).finally(() => {
      this.#underWay.delete(sent);
      held.remove(bytes);
      if (this.#failure !== undefined) held.release();
    });
    this.#underWay.add(sent);
  }
}

/** A record that is too large as it is may fit when it is compressed. */
function mustFit(batch: ProducerBatch, { name, maxBatchBytes }: OutputTopic): void {
  const bytes = batch.sealedLength();
  if (bytes <= maxBatchBytes) return;
  throw new StreamFlowError("SF_RECORD_TOO_LARGE", `a record of ${bytes} bytes does not fit into topic "${name}", which takes ${maxBatchBytes}`, { hint: "raise max.message.bytes of the topic" });
}

/** Length, attributes, both deltas, two lengths: at most so many bytes. */
const mostOverhead = 48;

/** Bytes that a record takes in a batch, at most. */
function sizeOf({ keyStart, keyEnd, valueStart, valueEnd, headers }: RecordParts): number {
  return (keyStart < 0 ? 0 : keyEnd - keyStart) + (valueStart < 0 ? 0 : valueEnd - valueStart) + (headers?.bytes.length ?? 1) + mostOverhead;
}
