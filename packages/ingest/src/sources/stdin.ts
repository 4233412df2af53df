// A stream of bytes that can be read once: standard input, a socket, a process's output.
import { StreamFlowError, type Batch, type DecoderFactory, type Infer, type Position, type Schema, type Source } from "@streamflow/core";
import { BatchDecoder } from "../codecs/batch-decoder.ts";
import { csv, type CsvOptions } from "../codecs/csv/csv.ts";
import { lines } from "../codecs/lines.ts";
import { ndjson } from "../codecs/ndjson/ndjson.ts";
import { margin } from "../codecs/text-buffer.ts";
import { isTextFormat } from "../codecs/text-format.ts";
import type { ReadContext } from "../partition-readers.ts";
import { defineSource } from "../source.ts";
import { AbortableWaits } from "../until-aborted.ts";

/** Options of {@link stdinSource}. */
export interface StdinSourceOptions {
  /** Opens the stream; called once, when the source is first polled. @defaultValue the environment's standard input */
  readonly input?: () => AsyncIterable<Uint8Array>;
  /** @defaultValue `"ndjson"` */
  readonly format?: "ndjson" | "csv" | "lines" | DecoderFactory;
  readonly schema?: Schema;
  readonly csv?: CsvOptions;
  /** A longer record is rejected. @defaultValue 16 MiB */
  readonly maxRecordBytes?: number;
}

/**
 * Reads records from standard input, or from any stream that is handed in.
 *
 * Not replayable, so at-most-once across a restart: what was read after the last checkpoint is lost. It ends when the stream does.
 * Positions count bytes. With a `schema` the type of the records follows from it; without one name it, or they are `unknown`.
 *
 * @throws {@link StreamFlowError} SF_SOURCE_FAILED, when first polled, where there is neither `input` nor standard input.
 */
export function stdinSource<const Given extends Schema>(options: StdinSourceOptions & { readonly schema: Given }): Source<Infer<Given>>;
export function stdinSource<Out = unknown>(options?: StdinSourceOptions): Source<Out>;
export function stdinSource<Out = unknown>(options: StdinSourceOptions = {}): Source<Out> {
  const { format = "ndjson", schema, maxRecordBytes = 16 << 20 } = options;
  const factory = typeof format === "string" ? formats[format](options) : format;
  return defineSource<Out>({
    type: "stdin",
    config: { format: factory.type, maxRecordBytes, ...(options.csv === undefined ? {} : { csv: options.csv }), ...(schema === undefined ? {} : { schema }) },
    capabilities: { replayable: false, bounded: true, deterministic: false, singlePartition: true },
    ...(schema === undefined ? {} : { schema, isChecked: true }),
    partitions: () => ["0"],
    read: (partition, from, context) => readStream(options.input ?? standardInput(context), { partition, from, context, factory, decoder: { maxRecordBytes, ...(schema === undefined ? {} : { schema }) } }),
  });
}

function standardInput({ environment, node }: ReadContext): () => AsyncIterable<Uint8Array> {
  if (environment.stdin === undefined) throw new StreamFlowError("SF_SOURCE_FAILED", `source "${node}" reads standard input, and this environment has none`);
  return environment.stdin;
}

const formats: Readonly<Record<"ndjson" | "csv" | "lines", (options: StdinSourceOptions) => DecoderFactory>> = {
  ndjson: () => ndjson(),
  csv: (options) => csv(options.csv),
  lines: () => lines(),
};

interface ReadOptions {
  readonly partition: string;
  readonly from: Position | undefined;
  readonly context: ReadContext;
  readonly factory: DecoderFactory;
  readonly decoder: { readonly maxRecordBytes: number; readonly schema?: Schema };
}

async function* readStream(input: () => AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Batch> {
  const { partition, context, factory } = options;
  const decoder = factory.create({ projection: context.projection, columns: context.columns, texts: context.columns, ...options.decoder });
  const position = (offset: number): Position => String(offset);
  const batches = new BatchDecoder({ decoder, partition, isText: isTextFormat(factory.type), maxRejectedBytes: context.maxRejectedBytes, position });
  let behind = startOf(options.from);
  let rest: Uint8Array = new Uint8Array(0);
  const iterator = input()[Symbol.asyncIterator]();
  const waits = new AbortableWaits(context.signal);
  try {
    for (let last = false; !last; ) {
      const next = await waits.wait(iterator.next());
      if (next === undefined) return;
      last = next.done === true;
      const chunk = next.done === true ? new Uint8Array(0) : next.value;
      const bytes = joined(rest, chunk);
      behind += chunk.length;
      const { batch, used } = batches.decode({ bytes, from: 0, to: bytes.length, last, base: behind - bytes.length });
      rest = bytes.subarray(used);
      if (batch !== undefined) yield batch;
    }
  } finally {
    waits.close();
    // Not awaited: a stream that waits for its next byte ends only when that comes.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** Both, with room behind them: a decoder can then read the last lines where they are. */
function joined(rest: Uint8Array, chunk: Uint8Array): Uint8Array {
  const length = rest.length + chunk.length;
  const bytes = Buffer.allocUnsafe(length + margin);
  bytes.set(rest);
  bytes.set(chunk, rest.length);
  return bytes.subarray(0, length);
}

/** Offsets go on from those of an earlier run, so that positions never repeat. */
function startOf(from: Position | undefined): number {
  const offset = from === undefined ? 0 : Number(from);
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new StreamFlowError("SF_SOURCE_POSITION", `a stream cannot go on from position "${from}"`);
}
