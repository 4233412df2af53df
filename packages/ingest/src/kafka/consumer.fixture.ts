// A consumer that does as a test says: under a session, in place of a driver.
import { BlockBuilder } from "./block-builder.ts";
import { type ConsumerListener, type KafkaConsumer, namedPartition, partitionName, type TopicPartition } from "./consumer.ts";
import type { RecordBlock } from "./record-block.ts";

/** What a partition holds: values from offset 0 on. */
export class FakeConsumer implements KafkaConsumer {
  readonly capabilities = { handover: "before", incremental: true, fencesByGeneration: true } as const;
  readonly cluster = "c";
  readonly data: ReadonlyMap<string, readonly string[]>;
  readonly started = new Map<string, bigint>();
  readonly commits: ReadonlyMap<string, bigint>[] = [];
  /** What `open` waits for. */
  opening: Promise<void> = Promise.resolve();
  /** What `commit` and `offsets` wait for. */
  committing: Promise<void> = Promise.resolve();
  asking: Promise<void> = Promise.resolve();
  closed = 0;
  readonly #first: readonly string[];
  readonly #waiting = new Map<string, RecordBlock>();
  #listener: ConsumerListener | undefined;
  #generation = 0;

  constructor(data: Readonly<Record<string, readonly string[]>>, first: readonly string[] = Object.keys(data)) {
    this.data = new Map(Object.entries(data));
    this.#first = first;
  }

  get listener(): ConsumerListener {
    return this.#listener!;
  }

  async open(listener: ConsumerListener): Promise<void> {
    this.#listener = listener;
    await this.opening;
    await this.assign(...this.#first);
  }

  async assign(...names: readonly string[]): Promise<void> {
    await this.listener.assigned(names.map(namedPartition), ++this.#generation);
  }

  async revoke(...names: readonly string[]): Promise<void> {
    this.#stop(names);
    await this.listener.revoked(names.map(namedPartition));
  }

  lose(...names: readonly string[]): void {
    this.#stop(names);
    this.listener.lost(names.map(namedPartition));
  }

  #stop(names: readonly string[]): void {
    for (const name of names) {
      this.started.delete(name);
      this.#waiting.delete(name);
    }
  }

  async offsets(partitions: readonly TopicPartition[], at: unknown): Promise<ReadonlyMap<string, bigint>> {
    await this.asking;
    return new Map(partitions.map((partition) => [partitionName(partition), at === "latest" ? BigInt(this.data.get(partitionName(partition))?.length ?? 0) : 0n]));
  }

  committedOffsets(): Promise<ReadonlyMap<string, bigint>> {
    return Promise.resolve(new Map());
  }

  start(partition: TopicPartition, offset: bigint): void {
    this.started.set(partitionName(partition), offset);
    queueMicrotask(() => this.fetch(partitionName(partition)));
  }

  /** Fetches up to `count` values of a partition, where it may. Answers whether it might. */
  fetch(name: string, count: number = 100): boolean {
    const from = this.started.get(name);
    if (from === undefined || this.#waiting.has(name) || !this.listener.mayFetch(name)) return false;
    const builder = new BlockBuilder(from, { keys: true, headers: false });
    const values = (this.data.get(name) ?? []).slice(Number(from), Number(from) + count);
    values.forEach((value, i) => builder.addBuffers({ offset: i, timestampMs: 0 }, null, Buffer.from(value)));
    const nextOffset = from + BigInt(values.length);
    const block = builder.build({ nextOffset, endOffset: BigInt(this.data.get(name)?.length ?? 0) });
    if (block !== undefined) this.#waiting.set(name, block);
    this.started.set(name, nextOffset);
    this.listener.fetched(name, block?.byteLength ?? 0, nextOffset);
    return true;
  }

  take(name: string): RecordBlock | undefined {
    const block = this.#waiting.get(name);
    this.#waiting.delete(name);
    if (block !== undefined) queueMicrotask(() => this.fetch(name));
    return block;
  }

  async commit(offsets: ReadonlyMap<string, bigint>): Promise<void> {
    await this.committing;
    this.commits.push(offsets);
  }

  member(): { readonly id: string; readonly epoch: number } {
    return { id: "m", epoch: this.#generation };
  }

  close(): Promise<void> {
    this.closed++;
    this.#stop([...this.started.keys()]);
    return Promise.resolve();
  }
}
