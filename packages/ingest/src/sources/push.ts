// Records that code of the same process hands over as they come: the source stays open, silent or not, until it is closed.
//   U1. A record is kept until a checkpoint holds it: a pipeline that restarts in this process reads on where it was committed, and loses nothing.
//   U2. What is kept is bounded for those who await `push`: it resolves when there is room again.
//   U3. Nothing but a few numbers is held while nothing is kept: there may be very many of them.
import { conform, StreamFlowError, type PollLimits, type PollResult, type Position, type Schema, type Source, type SourceContext, type SourceSession } from "@streamflow/core";
import { rowBatch, sizeOf } from "../row-batch.ts";

/** Options of {@link pushSource}. */
export interface PushSourceOptions {
  /** Part of what tells two such sources apart. @defaultValue `"push"` */
  readonly name?: string;
  /** From here on `push` makes its caller wait, in bytes as estimated; records count until a checkpoint holds them. @defaultValue 67_108_864 */
  readonly maxBytes?: number;
  /** Type of a record: `push` refuses what is no value of it, with the path. */
  readonly schema?: Schema;
}

/** A source that code feeds. One pipeline reads it. */
export interface PushSource<Out> extends Source<Out> {
  /**
   * Takes records in, behind those before; the pipeline may be running, or be started later. Resolves at once, or where `maxBytes` are kept, when fewer are.
   * @throws {@link StreamFlowError} SF_TYPE_MISMATCH where one is no value of the schema, SF_SOURCE_FAILED after `close`: none of them is taken in then.
   */
  push(records: readonly Out[]): Promise<void>;
  /** No record comes any more: the pipeline ends when it has read all. May be repeated. */
  close(): void;
}

const partition = "0";
const capabilities = { replayable: false, bounded: false, deterministic: false, singlePartition: true } as const;
const roomy: Promise<void> = Promise.resolve();
const starts: readonly [{ readonly partition: string; readonly generation: number }] = [{ partition, generation: 1 }];

/**
 * Makes a source that is fed by `push`, and stays open until `close`. Its records are in memory alone: when the process ends, those that no checkpoint holds
 * are lost, so it is at-most-once across a crash of the process. Positions count records.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID when `maxBytes` is not a positive integer.
 *
 * @example
 * ```ts
 * const clicks = pushSource<{ page: string }>({ name: "clicks" });
 * await clicks.push([{ page: "home" }]);
 * clicks.close();
 * ```
 */
export function pushSource<Out>(options: PushSourceOptions = {}): PushSource<Out> {
  const { maxBytes = 1 << 26 } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) throw new StreamFlowError("SF_CONFIG_INVALID", `maxBytes of a push source must be a positive integer, got ${maxBytes}`);
  return new PushQueue<Out>({ ...options, maxBytes });
}

/** Records with their sizes in bytes, one by one and together. */
interface Kept<Out> {
  readonly records: Out[];
  readonly sizes: number[];
  bytes: number;
}

const nothing: { readonly records: readonly never[]; readonly sizes: readonly number[] } = { records: [], sizes: [] };

class PushQueue<Out> implements PushSource<Out> {
  readonly capabilities = capabilities;
  readonly #name: string;
  readonly #maxBytes: number;
  /** Those that no checkpoint holds yet; undefined: none. */
  #kept: Kept<Out> | undefined;
  /** Records before the first that is kept, ever. */
  #before = 0;
  #wasOpened = false;
  #isClosed = false;
  #waiting: (() => void)[] | undefined;
  /** Told once that there is news. */
  #watcher: (() => void) | undefined;
  /** The same, also while no session is open. */
  #sleeper: (() => void) | undefined;

  readonly schema?: Schema;

  constructor({ name = "push", maxBytes, schema }: PushSourceOptions & { readonly maxBytes: number }) {
    this.#name = name;
    this.#maxBytes = maxBytes;
    if (schema !== undefined) this.schema = schema;
  }

  get type(): string {
    return "push";
  }

  get config(): Readonly<Record<string, unknown>> {
    return { name: this.#name };
  }

  push(records: readonly Out[]): Promise<void> {
    try {
      this.#take(records);
    } catch (thrown) {
      return Promise.reject(thrown as Error);
    }
    if (this.#bytes < this.#maxBytes) return roomy;
    return new Promise((resolve) => (this.#waiting ??= []).push(resolve));
  }

  close(): void {
    this.#isClosed = true;
    this.#news();
  }

  async open({ partitions, signal, node }: SourceContext): Promise<SourceSession> {
    const from = (await partitions.assigned(starts)).get(partition);
    return new PushSession(this as PushQueue<unknown>, this.#begin(from, node), signal);
  }

  /** How many records there have been, up to the newest. */
  get end(): number {
    return this.#before + (this.#kept?.records.length ?? 0);
  }

  get #bytes(): number {
    return this.#kept?.bytes ?? 0;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** As many records behind `from` as the limits allow: one at least. */
  slice(from: number, { maxRecords, maxBytes }: PollLimits): { readonly values: readonly Out[]; readonly byteLength: number } {
    const first = from - this.#before;
    const { records, sizes } = this.#kept ?? nothing;
    let byteLength = sizes[first] ?? 0;
    let next = first + 1;
    for (; next < records.length && next - first < maxRecords && byteLength + sizes[next]! <= maxBytes; next++) byteLength += sizes[next]!;
    return { values: records.slice(first, next), byteLength };
  }

  /** Forgets the records up to a position. */
  committed(upTo: number): void {
    const count = upTo - this.#before;
    if (!(count > 0)) return;
    this.#before = upTo;
    const kept = this.#kept;
    if (kept !== undefined) {
      kept.records.splice(0, count);
      for (const size of kept.sizes.splice(0, count)) kept.bytes -= size;
      if (kept.records.length === 0) this.#kept = undefined;
    }
    if (this.#bytes < this.#maxBytes) this.#letGo();
  }

  /** Calls once, when a record comes or the source is closed, whether or not a session is open. */
  sleep(wake: () => void): void {
    this.#sleeper = wake;
  }

  /** Calls once, when a record comes or the source is closed. */
  watch(watcher: (() => void) | undefined): void {
    this.#watcher = watcher;
  }

  #take(records: readonly Out[]): void {
    if (this.#isClosed) throw new StreamFlowError("SF_SOURCE_FAILED", `push source "${this.#name}" is closed`, { hint: "push before close" });
    const { schema } = this;
    if (schema !== undefined) for (const record of records) conform(record, schema);
    if (records.length === 0) return;
    const kept = (this.#kept ??= { records: [], sizes: [], bytes: 0 });
    for (const record of records) {
      const size = sizeOf(record);
      kept.records.push(record);
      kept.sizes.push(size);
      kept.bytes += size;
    }
    this.#news();
  }

  #news(): void {
    const watcher = this.#watcher;
    const sleeper = this.#sleeper;
    this.#watcher = this.#sleeper = undefined;
    watcher?.();
    sleeper?.();
    if (this.#isClosed) this.#letGo();
  }

  #letGo(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const resolve of waiting ?? []) resolve();
  }

  /** Where reading starts. A source of a new process goes on counting where the one before was committed, so that positions never repeat. */
  #begin(from: Position | undefined, node: string): number {
    const start = from === undefined ? 0 : Number(from);
    if (!this.#wasOpened && Number.isSafeInteger(start) && start >= 0) this.#before = start;
    this.#wasOpened = true;
    if (start >= this.#before && start <= this.end) return start;
    throw new StreamFlowError("SF_SOURCE_POSITION", `source "${node}" cannot go on from position "${from ?? 0}": it keeps the records from ${this.#before} to ${this.end}`);
  }
}

/** One opening of a queue. */
class PushSession implements SourceSession {
  readonly #queue: PushQueue<unknown>;
  readonly #signal: AbortSignal;
  #next: number;
  #resolve: (() => void) | undefined;

  constructor(queue: PushQueue<unknown>, next: number, signal: AbortSignal) {
    this.#queue = queue;
    this.#next = next;
    this.#signal = signal;
  }

  poll(_partition: string, limits: PollLimits): PollResult {
    if (this.#signal.aborted) return "idle";
    const first = this.#next;
    if (first === this.#queue.end) return this.#queue.isClosed ? "end" : "idle";
    const { values, byteLength } = this.#queue.slice(first, limits);
    this.#next = first + values.length;
    return rowBatch({ partition, values, byteLength, positionAt: (index) => String(first + index + 1) });
  }

  ready(): Promise<void> {
    if (this.#hasNews || this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        this.#signal.removeEventListener("abort", over);
        this.#resolve = undefined;
        resolve();
      };
      this.#resolve = over;
      this.#signal.addEventListener("abort", over, { once: true });
      this.#queue.watch(over);
    });
  }

  sleep(wake: () => void): boolean {
    if (this.#hasNews || this.#signal.aborted) return false;
    this.#queue.sleep(wake);
    return true;
  }

  committed(positions: ReadonlyMap<string, Position>): void {
    this.#queue.committed(Number(positions.get(partition) ?? 0));
  }

  async close(): Promise<void> {
    this.#resolve?.();
    this.#queue.watch(undefined);
  }

  get #hasNews(): boolean {
    return this.#next < this.#queue.end || this.#queue.isClosed;
  }
}
