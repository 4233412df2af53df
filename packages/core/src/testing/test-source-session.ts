// One opening of a test source.
import { onAbort } from "../async/abort.ts";
import { Signal } from "../async/signal.ts";
import type { PollLimits, PollResult, SourceContext, SourceSession } from "../contracts/source.ts";
import { StreamFlowError } from "../errors.ts";
import { ChangeKind, type Batch, type Position, type Rejected } from "../record.ts";
import { poisonBatch } from "./poison.ts";
import { ABORT, EOF, PAUSE, type TestItem, type TestRecord, type TestReject, type TestSourceData } from "./test-item.ts";

type TestInput = TestRecord | TestReject;

/** Where a partition's reading stands. */
interface Reading {
  /** Index of the next item. */
  next: number;
  /** Inputs before it. */
  inputs: number;
  /** What the last poll answered, where that was no batch. */
  told: "idle" | "end" | undefined;
}

export class TestSourceSession implements SourceSession {
  readonly #context: SourceContext;
  readonly #data: TestSourceData;
  readonly #readings = new Map<string, Reading>();
  readonly #signal = new Signal();
  readonly #forgetAbort: () => void;
  #isClosed = false;

  constructor(context: SourceContext, data: TestSourceData) {
    this.#context = context;
    this.#data = data;
    this.#forgetAbort = onAbort(context.signal, () => this.wake());
  }

  async assign(partitions: readonly string[], generation: number): Promise<void> {
    const starts = await this.#context.partitions.assigned(partitions.map((partition) => ({ partition, generation })));
    for (const partition of partitions) this.#readings.set(partition, this.#readingAt(partition, starts.get(partition)));
    this.wake();
  }

  async revoke(partitions: readonly string[], deadlineMs: number): Promise<void> {
    // Forgotten before the engine is told, so that a poll after the call is an error (PRT-2).
    const held = partitions.filter((partition) => this.#readings.delete(partition));
    if (held.length > 0) await this.#context.partitions.revoked(held, deadlineMs);
  }

  lose(partitions: readonly string[]): void {
    const held = partitions.filter((partition) => this.#readings.delete(partition));
    if (held.length > 0) this.#context.partitions.lost(held);
  }

  passPause(partition: string | undefined): void {
    for (const [name, reading] of this.#readings) {
      if (partition !== undefined && partition !== name) continue;
      if (this.#data.items(name)[reading.next] === PAUSE) this.#data.use(name, reading.next);
    }
  }

  wake(): void {
    this.#signal.raise();
  }

  poll(partition: string, limits: PollLimits): PollResult {
    if (this.#isClosed) throw new StreamFlowError("SF_INTERNAL", `partition "${partition}" was polled after the test source was closed`);
    const reading = this.#readings.get(partition);
    if (reading === undefined) throw new StreamFlowError("SF_INTERNAL", `partition "${partition}" was polled, but is not assigned (PRT-1, PRT-2)`);
    const answer = this.#answer(partition, reading.next);
    reading.next = answer.at;
    if (answer.kind === "abort") {
      this.#data.use(partition, answer.at);
      throw new StreamFlowError("SF_SOURCE_CONNECT", `the test source lost its connection, as the test asked (partition "${partition}")`);
    }
    reading.told = answer.kind === "batch" ? undefined : answer.kind;
    return answer.kind === "batch" ? this.#batch(partition, reading, limits) : answer.kind;
  }

  async ready(): Promise<void> {
    while (!this.#context.signal.aborted && !this.#isClosed && !this.#mayAnswer()) await this.#signal.wait();
  }

  committed(positions: ReadonlyMap<string, Position>): void {
    for (const [partition, position] of positions) this.#data.committed(partition, position);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#forgetAbort();
    for (const [partition, { next }] of this.#readings) if (this.#data.items(partition)[next] === EOF) this.#data.use(partition, next);
    this.wake();
    this.#data.closed();
  }

  #readingAt(partition: string, position: Position | undefined): Reading {
    const inputs = position === undefined ? 0 : Number(position);
    const items = this.#data.items(partition);
    const reading: Reading = { next: 0, inputs: 0, told: undefined };
    for (; reading.inputs < inputs; reading.next++) {
      const item = items[reading.next];
      if (item === undefined) throw new StreamFlowError("SF_SOURCE_POSITION", `partition "${partition}" has no position ${JSON.stringify(position)}`);
      if (isInput(item)) reading.inputs++;
    }
    return reading;
  }

  /** What a poll would answer now, and the item that decides it. Markers that have been used up are passed. */
  #answer(partition: string, from: number): { readonly kind: "batch" | "idle" | "end" | "abort"; readonly at: number } {
    const items = this.#data.items(partition);
    let at = from;
    while (typeof items[at] === "symbol" && this.#data.isUsed(partition, at)) at++;
    const item = items[at];
    if (item === undefined) return { kind: this.#data.isBounded ? "end" : "idle", at };
    if (item === PAUSE) return { kind: "idle", at };
    if (item === EOF) return { kind: "end", at };
    return { kind: item === ABORT ? "abort" : "batch", at };
  }

  #batch(partition: string, reading: Reading, limits: PollLimits): Batch {
    const { batchRecords = Infinity, recordBytes = 64, poison = true, schema } = this.#data.options;
    const most = Math.max(1, Math.min(batchRecords, limits.maxRecords, Math.floor(limits.maxBytes / recordBytes)));
    const items = this.#data.items(partition);
    const inputs: TestInput[] = [];
    for (let item = items[reading.next]; item !== undefined && isInput(item) && inputs.length < most; item = items[++reading.next]) inputs.push(item);
    const batch = batchOf(inputs, { partition, first: reading.inputs, recordBytes });
    reading.inputs += inputs.length;
    this.#data.deliver(inputs.length);
    return { ...batch, ...(schema === undefined ? {} : { schema }), release: releaseOnce(batch, poison) };
  }

  /** Whether polling some partition would answer anything but what its last poll did. */
  #mayAnswer(): boolean {
    for (const [partition, { next, told }] of this.#readings) if (this.#answer(partition, next).kind !== told) return true;
    return false;
  }
}

function isInput(item: TestItem): item is TestInput {
  return typeof item === "object";
}

interface BatchPlace {
  readonly partition: string;
  /** Inputs of the partition before this batch. */
  readonly first: number;
  readonly recordBytes: number;
}

function batchOf(inputs: readonly TestInput[], { partition, first, recordBytes }: BatchPlace): Batch {
  const records: TestRecord[] = [];
  const ends: number[] = [];
  const rejected: Rejected[] = [];
  inputs.forEach((input, i) => {
    if ("reject" in input) {
      const error = new StreamFlowError("SF_CODEC_DECODE", input.reject);
      rejected.push({ beforeIndex: records.length, position: String(first + i + 1), error, raw: input.raw });
      return;
    }
    records.push(input);
    ends.push(first + i + 1);
  });
  return {
    partition,
    length: records.length,
    values: records.map((record) => record.value),
    endPosition: String(first + inputs.length),
    byteLength: inputs.length * recordBytes,
    positionAt: (index) => String(ends[index] ?? first),
    ...(rejected.length === 0 ? {} : { rejected }),
    ...optionalParts(records),
  };
}

function optionalParts(records: readonly TestRecord[]): Pick<Batch, "timestamps" | "keys" | "changes" | "transactionEnds"> {
  const has = (name: keyof TestRecord): boolean => records.some((record) => record[name] !== undefined);
  return {
    ...(has("timestampMs") ? { timestamps: Float64Array.from(records, (record) => record.timestampMs ?? NaN) } : {}),
    ...(has("key") ? { keys: records.map((record) => record.key) } : {}),
    ...(has("change") ? { changes: Uint8Array.from(records, (record) => record.change ?? ChangeKind.insert) } : {}),
    ...(has("endsTransaction") ? { transactionEnds: records.flatMap((record, i) => (record.endsTransaction === true ? [i] : [])) } : {}),
  };
}

function releaseOnce(batch: Batch, poison: boolean): () => void {
  let isReleased = false;
  return () => {
    if (isReleased) throw new StreamFlowError("SF_INTERNAL", `a batch of partition "${batch.partition}" was released twice (B4)`);
    isReleased = true;
    if (poison) poisonBatch(batch);
  };
}
