// The program of a thread that reads ranges of files: started by range-threads.ts.
// Deliberately not here: any decision. What cannot be read or decoded is left to the pipeline's own thread, which fails as if it had been alone.
import { type Adder, type BatchTotals, type Decoder, type DecoderFactory, type DiskFile, NullableNumbers, TextStore, type ThreadAdder, type ThreadContext } from "@streamflow/core";
import { linesOf, rangeBufferBytes, readRange, type RangeBytes } from "./line-range.ts";
import { ColumnPacker } from "./packed-column.ts";
import type { Order, PackedTotals, RangeContent, RangeOrder, ReaderSetup, Report, SlotMemory } from "./range-messages.ts";
import { SharedColumns } from "./shared-columns.ts";

/** Reads and decodes what it is told to. */
export function run(context: ThreadContext): void {
  const program = new RangeProgram(context);
  context.listen((message) => program.take(message as Order));
  context.post({ kind: "ready" } satisfies Report);
}

/** A file in work. */
interface OpenReader {
  readonly setup: ReaderSetup;
  readonly file: DiskFile;
  readonly decoder: Decoder;
  /** Made when it is first asked for. */
  adder: Adder | undefined;
}

/** A range that is read, or its failure. */
interface Reading {
  readonly order: RangeOrder;
  readonly reader: OpenReader;
  readonly slot: Slot;
  readonly read: RangeBytes;
}

class RangeProgram {
  readonly #context: ThreadContext;
  readonly #readers = new Map<number, Promise<OpenReader>>();
  readonly #slots = new Map<number, Slot>();
  readonly #waiting: RangeOrder[] = [];
  #isWorking = false;

  constructor(context: ThreadContext) {
    this.#context = context;
  }

  take(order: Order): void {
    if (order.kind === "open") this.#open(order.reader, order.setup);
    else if (order.kind === "close") this.#close(order.reader);
    else {
      this.#waiting.push(order);
      if (!this.#isWorking) void this.#work();
    }
  }

  #open(reader: number, setup: ReaderSetup): void {
    const opening = this.#openReader(setup);
    // Told with the first range.
    opening.catch(() => undefined);
    this.#readers.set(reader, opening);
  }

  async #openReader(setup: ReaderSetup): Promise<OpenReader> {
    const { module, name, options } = setup.decoder;
    const { schema, projection, maxRecordBytes } = setup;
    const make = ((await import(module)) as Readonly<Record<string, (options: unknown) => DecoderFactory>>)[name];
    const decoder = make!(options).create({ schema, projection, columns: true, texts: true, maxRecordBytes });
    return { setup, decoder, adder: undefined, file: await this.#context.disk.openRead(setup.path) };
  }

  #close(reader: number): void {
    const opening = this.#readers.get(reader);
    this.#readers.delete(reader);
    void opening?.then(({ file }) => file.close()).catch(() => undefined);
  }

  /** One after the other: a range that has just been read is still in the cache, and where reads block there is nothing to overlap. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let order = this.#waiting.shift(); order !== undefined; order = this.#waiting.shift()) {
      const reading = await this.#read(order);
      if (reading !== undefined) this.#decode(reading);
    }
    this.#isWorking = false;
  }

  async #read(order: RangeOrder): Promise<Reading | undefined> {
    try {
      const reader = await this.#readers.get(order.reader)!;
      if (order.adds && reader.setup.adder !== undefined) reader.adder ??= await adderOf(reader.setup.adder);
      const slot = this.#slots.get(order.slot) ?? new Slot(reader);
      this.#slots.set(order.slot, slot);
      return { order, reader, slot, read: await readRange(reader.file, order.range, slot.bytes) };
    } catch {
      this.#context.post({ kind: "left", work: order.work } satisfies Report);
      return undefined;
    }
  }

  #decode({ order, reader, slot, read }: Reading): void {
    const { work } = order;
    let decoded: ReturnType<Slot["decode"]>;
    try {
      decoded = slot.decode(read, order, reader);
    } catch {
      decoded = undefined;
    }
    this.#context.post((decoded === undefined ? { kind: "left", work } : { kind: "done", work, ...decoded }) satisfies Report);
  }
}

async function adderOf({ module, name, options }: ThreadAdder): Promise<Adder> {
  const make = ((await import(module)) as Readonly<Record<string, (options: unknown) => Promise<Adder>>>)[name];
  return await make!(options);
}

/** Memory for one range. */
class Slot {
  readonly bytes: Uint8Array;
  readonly #raw: SharedArrayBuffer;
  readonly #columns: SharedColumns;
  readonly #packer = new ColumnPacker();
  #totals = new SharedArrayBuffer(0);
  #told: SlotMemory | undefined;

  constructor({ setup, decoder }: OpenReader) {
    this.#raw = new SharedArrayBuffer(rangeBufferBytes(setup.rangeBytes));
    this.bytes = new Uint8Array(this.#raw);
    this.#columns = new SharedColumns(decoder.columns ?? []);
  }

  /** Undefined: the decoder wants more than the lines of the range. */
  decode(read: RangeBytes, { range, adds }: RangeOrder, { decoder, adder }: OpenReader): { readonly content: RangeContent; readonly memory?: SlotMemory } | undefined {
    const store = this.#columns;
    const lines = linesOf(read, range);
    store.clear();
    this.#packer.clear();
    if (lines.first >= 0) {
      decoder.restore?.("");
      if (decoder.decodeColumns?.(read.bytes, lines.first, lines.end, false, store) !== lines.end) return undefined;
    }
    const totals = !adds || store.refused.length > 0 || store.length === 0 ? undefined : adder?.({ length: store.length, columns: store.taken() });
    const packed = store.columns.flatMap((column) => (column instanceof Float64Array || column instanceof NullableNumbers ? [] : column instanceof TextStore ? this.#packer.texts(column, store.length) : this.#packer.values(column)));
    const content = { ...lines, lead: read.lead, length: store.length, refused: store.refused, packed, ...(totals === undefined ? {} : { totals: this.#put(totals) }) };
    return { content, ...this.#news() };
  }

  #put({ content, watermarkMs, dueMs }: BatchTotals): PackedTotals {
    if (content.byteLength > this.#totals.byteLength) this.#totals = new SharedArrayBuffer(2 * content.byteLength);
    new Float64Array(this.#totals).set(content);
    return { watermarkMs, dueMs, count: content.length };
  }

  /** The memory, where it is not what was told. */
  #news(): { readonly memory?: SlotMemory } {
    const memory = { raw: this.#raw, columns: this.#columns.memory, texts: this.#packer.memory, totals: this.#totals };
    if (this.#told?.columns === memory.columns && this.#told.texts === memory.texts && this.#told.totals === memory.totals) return {};
    this.#told = memory;
    return { memory };
  }
}
