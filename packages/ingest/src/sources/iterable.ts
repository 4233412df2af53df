// Any async iterable as a source. It cannot be read again, so it is at-most-once across a restart, and says so.
import { StreamFlowError, type Batch, type Position, type Schema, type Source } from "@streamflow/core";
import { rowBatch } from "../row-batch.ts";
import type { ReadContext } from "../partition-readers.ts";
import { defineSource } from "../source.ts";
import { untilAborted } from "../until-aborted.ts";

/** Options of {@link iterableSource}. */
export interface IterableSourceOptions {
  /** Part of what tells two such sources apart. @defaultValue `"iterable"` */
  readonly name?: string;
  /** Whether the iterable ends by itself. @defaultValue true */
  readonly bounded?: boolean;
  /** Type of a record: one that is no value of it is rejected, with the path. */
  readonly schema?: Schema;
}

/**
 * Reads an iterable once, record by record, as it is pulled.
 *
 * Not replayable: what was read after the last checkpoint is lost in a restart, and so is what had been read ahead (at most one batch).
 * A batch ends when the iterable makes its reader wait, so records are never held back by those that come later.
 *
 * @throws {@link StreamFlowError} SF_SOURCE_POSITION, when read, from a position of another kind of source.
 */
export function iterableSource<Out>(iterable: AsyncIterable<Out> | Iterable<Out>, options: IterableSourceOptions = {}): Source<Out> {
  const { name = "iterable", bounded = true, schema } = options;
  return defineSource<Out>({
    type: "iterable",
    config: { name, bounded },
    capabilities: { replayable: false, bounded, deterministic: false, singlePartition: true },
    ...(schema === undefined ? {} : { schema }),
    partitions: () => ["0"],
    read: (partition, from, context) => batches(iterable, { partition, from, context }),
  });
}

interface ReadOptions {
  readonly partition: string;
  readonly from: Position | undefined;
  readonly context: ReadContext;
}

async function* batches(iterable: AsyncIterable<unknown> | Iterable<unknown>, options: ReadOptions): AsyncGenerator<Batch> {
  const { partition, context } = options;
  let count = startOf(options.from);
  const puller = new Puller(iterable, context.signal);
  try {
    while (!puller.done) {
      const values = await puller.pull(context.limits.maxRecords);
      const first = count;
      count += values.length;
      if (values.length > 0) yield rowBatch({ partition, values, positionAt: (index) => String(first + index + 1) });
      if (puller.failure !== undefined) throw puller.failure.thrown;
    }
  } finally {
    puller.stop();
  }
}

/** The count goes on from that of an earlier run, so that positions never repeat. */
function startOf(from: Position | undefined): number {
  const count = from === undefined ? 0 : Number(from);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw new StreamFlowError("SF_SOURCE_POSITION", `an iterable source cannot go on from position "${from}"`);
}

/** Takes what an iterable has ready. */
class Puller {
  done = false;
  failure: { readonly thrown: unknown } | undefined;
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  readonly #signal: AbortSignal;
  readonly #isSync: boolean;
  #next: Promise<IteratorResult<unknown>> | undefined;

  constructor(iterable: AsyncIterable<unknown> | Iterable<unknown>, signal: AbortSignal) {
    this.#isSync = !(Symbol.asyncIterator in iterable);
    this.#iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
    this.#signal = signal;
  }

  /** Waits for one value, then takes those that come without waiting, up to `most`. */
  async pull(most: number): Promise<unknown[]> {
    if (this.#isSync) return this.#pullSync(most);
    const values: unknown[] = [];
    while (!this.done && values.length < Math.max(1, most)) {
      this.#next ??= this.#start();
      const result = await (values.length === 0 ? untilAborted(this.#next, this.#signal) : Promise.race([this.#next, turns()]));
      if (result === undefined) {
        if (values.length === 0) this.done = true;
        break;
      }
      this.#next = undefined;
      if (result.done === true) this.done = true;
      else values.push(result.value);
    }
    return values;
  }

  #pullSync(most: number): unknown[] {
    const values: unknown[] = [];
    try {
      while (values.length < Math.max(1, most)) {
        const result = (this.#iterator as Iterator<unknown>).next();
        if (result.done === true) {
          this.done = true;
          break;
        }
        values.push(result.value);
      }
    } catch (thrown) {
      this.failure = { thrown };
      this.done = true;
    }
    return values;
  }

  async #start(): Promise<IteratorResult<unknown>> {
    try {
      return await this.#iterator.next();
    } catch (thrown) {
      this.failure = { thrown };
      return { done: true, value: undefined };
    }
  }

  /** Tells the iterable to end, without waiting: it may be stuck in a read that only it can end. */
  stop(): void {
    if (this.failure !== undefined) return;
    void (async () => this.#iterator.return?.())().catch(() => undefined);
  }
}

/** Resolves after enough turns of the microtask queue for an async generator that has a value to hand it over. */
async function turns(): Promise<undefined> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
  return undefined;
}
