// Files as a source: replayable and bounded, with exact positions in every format.
import { checkParallelism, StreamFlowError, type Batch, type DecoderFactory, type Infer, type Position, type Schema, type Source } from "@streamflow/core";
import { columnsAlone } from "../codecs/csv/decoder.ts";
import { csv, type CsvOptions } from "../codecs/csv/csv.ts";
import { lines } from "../codecs/lines.ts";
import { ndjson } from "../codecs/ndjson/ndjson.ts";
import { isTextFormat } from "../codecs/text-format.ts";
import { isGzipped, type Compression } from "../files/content.ts";
import { changedFile, parsePlace, type FilePlace } from "../files/file-position.ts";
import { checkChoice, listFiles, type FileChoice, type ListedFile } from "../files/list-files.ts";
import type { ParquetReadOptions } from "../files/parquet-reader.ts";
import { readText, type TextReadOptions } from "../files/text-reader.ts";
import { oneAfterAnother } from "../one-after-another.ts";
import type { Batches, PartitionReaders, ReadContext } from "../partition-readers.ts";
import type { RangeThreads } from "../ranges/range-threads.ts";
import { sourceOf } from "../source.ts";

/** What files are written in; a decoder stands for itself. */
export type FileFormat = "ndjson" | "csv" | "lines" | "parquet" | DecoderFactory;

/** Options of {@link fileSource}. */
export interface FileSourceOptions extends FileChoice {
  /** @defaultValue by the ending of the first name: `.csv`, `.parquet`, `.txt` (lines), else NDJSON; before it, `.gz` is left out */
  readonly format?: FileFormat;
  /** @defaultValue `"auto"`: gzip where a file starts as gzip does. Parquet files have their own compression. */
  readonly compression?: Compression;
  readonly schema?: Schema;
  readonly csv?: CsvOptions;
  /** `per-file`: each file is a partition. `one`: all files are one partition, in their order. @defaultValue `"per-file"` */
  readonly partitions?: "per-file" | "one";
  /** A longer record is rejected. @defaultValue 16 MiB */
  readonly maxRecordBytes?: number;
  /** Bytes read from the disk at a time. @defaultValue 960 KiB */
  readonly chunkBytes?: number;
  /** Bytes that a compressed file may decompress to. @defaultValue unlimited */
  readonly maxDecompressedBytes?: number;
  /**
   * How many threads read NDJSON of a schema, the pipeline's own among them; a compressed file is read by one.
   * @defaultValue the pipeline's `parallelism`
   */
  readonly parallelism?: number;
}

/** With the unfinished record in front of it, a chunk is not more than the engine takes as one batch: else it is cut, and what is cut is copied. */
const usualChunkBytes = 960 << 10;

type Resolved = FileSourceOptions & Required<Pick<FileSourceOptions, "format" | "compression" | "partitions" | "maxRecordBytes" | "chunkBytes">>;

/**
 * Reads files through the environment's disk.
 *
 * A position is a byte offset (of decompressed content) or a row, and says what its file began with: reading on in a file that was
 * truncated or replaced since throws SF_SOURCE_POSITION. A malformed record is rejected alone; a gzip file with a torn end delivers
 * what is intact before it fails. Files are listed and checked when the source is opened, and read when polled.
 *
 * With a `schema` the type of the records follows from it; without one name it, or they are `unknown`.
 *
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID when none or several of path, paths and folder are given, or a bound is not positive.
 * @example
 * ```ts
 * import { t } from "@streamflow/core";
 *
 * const flights = fileSource({ path: "flights.ndjson", schema: t.struct({ delay: t.int32() }) }); // Source<{ readonly delay: number }>
 * const trains = fileSource<{ delay: number }>({ path: "trains.ndjson" }); // Not checked: what the file holds is what comes.
 * ```
 */
export function fileSource<const Given extends Schema>(options: FileSourceOptions & { readonly schema: Given }): Source<Infer<Given>>;
export function fileSource<Out = unknown>(options: FileSourceOptions): Source<Out>;
export function fileSource<Out = unknown>(options: FileSourceOptions): Source<Out> {
  checkChoice(options);
  const resolved = resolve(options);
  checkThreads(resolved);
  const about = {
    type: "file",
    config: describe(resolved),
    capabilities: { replayable: true, bounded: true, deterministic: true, ...(options.path !== undefined || options.partitions === "one" ? { singlePartition: true } : {}), ...(canShare(resolved) ? { parallel: true } : {}) },
    ...(options.schema === undefined ? {} : { schema: options.schema, isChecked: true }),
    ...(options.parallelism === undefined ? {} : { parallelism: options.parallelism }),
    ...decoderAlone(resolved),
  };
  return sourceOf<Out>(about, (context) => new FileReaders(resolved, () => listFiles(context.environment.disk, resolved)));
}

function resolve(options: FileSourceOptions): Resolved {
  const { maxRecordBytes = 16 << 20, chunkBytes = usualChunkBytes } = options;
  for (const [name, value] of Object.entries({ maxRecordBytes, chunkBytes, maxDecompressedBytes: options.maxDecompressedBytes ?? 1 })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new StreamFlowError("SF_CONFIG_INVALID", `${name} of a file source must be a positive integer, got ${value}`);
  }
  return { compression: "auto", partitions: "per-file", ...options, maxRecordBytes, chunkBytes, format: options.format ?? formatOf(options.path ?? options.paths?.[0] ?? options.suffix ?? "") };
}

function formatOf(name: string): FileFormat {
  const plain = name.toLowerCase().replace(/\.gz$/, "");
  if (plain.endsWith(".csv")) return "csv";
  if (plain.endsWith(".parquet")) return "parquet";
  return plain.endsWith(".txt") ? "lines" : "ndjson";
}

/** Equal sources have equal descriptions: defaults are left out, the decoder is named. */
function describe(options: Resolved): Readonly<Record<string, unknown>> {
  const { format, baseFolder, schema, parallelism, ...rest } = options;
  void baseFolder;
  void parallelism;
  return { ...rest, format: typeof format === "string" ? format : format.type, ...(schema === undefined ? {} : { schema }) };
}

function checkThreads(options: Resolved): void {
  if (options.parallelism === undefined) return;
  checkParallelism(options.parallelism, "a file source");
  if (options.parallelism === 1 || canShare(options)) return;
  throw new StreamFlowError("SF_CONFIG_INVALID", `parallelism of a file source is ${options.parallelism}, but only NDJSON with a schema and without compression is read by several threads`, { hint: "declare the schema of its records, or leave parallelism out" });
}

/** Several threads can read lines that become columns; what is compressed is read by one. */
function canShare({ format, schema, compression, csv: csvOptions }: Resolved): boolean {
  return schema?.type === "struct" && schema.fields.length > 0 && compression !== "gzip" && format !== "parquet" && decoderFactory(format, csvOptions).lineThreads !== undefined;
}

function decoderFactory(format: Exclude<FileFormat, "parquet">, csvOptions: CsvOptions | undefined): DecoderFactory {
  if (typeof format !== "string") return format;
  if (format === "csv") return csv(csvOptions);
  return format === "lines" ? lines() : ndjson();
}

/** What becomes of a line of NDJSON or of text depends on it alone; a record of CSV has its header elsewhere, which its position knows. */
function decoderAlone({ format, csv: csvOptions }: Resolved): { readonly decoder?: DecoderFactory; readonly decoderState?: (position: Position) => string } {
  if (format === "parquet") return {};
  const decoder = decoderFactory(format, csvOptions);
  if (decoder.type === "csv") return { decoder, decoderState: (position) => columnsAlone(parsePlace(position).decoder ?? "") };
  return decoder.lineThreads !== undefined || format === "lines" ? { decoder } : {};
}

const onePartition = "files";

class FileReaders implements PartitionReaders {
  readonly #options: Resolved;
  readonly #list: () => Promise<readonly ListedFile[]>;
  readonly #read = new Map<string, number>();
  #files: readonly ListedFile[] = [];
  /** Started with the first file that is long enough. */
  #threads: RangeThreads | undefined;

  constructor(options: Resolved, list: () => Promise<readonly ListedFile[]>) {
    this.#options = options;
    this.#list = list;
  }

  async partitions(): Promise<readonly string[]> {
    this.#files = await this.#list();
    return this.#options.partitions === "one" ? [onePartition] : this.#files.map((file) => file.name);
  }

  read(partition: string, from: Position | undefined, context: ReadContext): Batches {
    const files = this.#options.partitions === "one" ? this.#files : this.#files.filter((file) => file.name === partition);
    const place = from === undefined ? undefined : parsePlace(from);
    const first = place === undefined ? 0 : files.findIndex((file) => file.name === place.file);
    if (place !== undefined && first < 0) throw changedFile(place.file, "the file is no longer among those of the source");
    for (const file of files.slice(0, first)) this.#read.set(file.name, file.sizeBytes);
    const rest = files.slice(first);
    const readAt = (i: number): Batches => {
      const before = rest[i - 1];
      if (before !== undefined) this.#read.set(before.name, before.sizeBytes);
      return this.#readFile(rest[i]!, { partition, from: i === 0 ? place : undefined, context });
    };
    // A generator around a generator makes several promises for each batch.
    return rest.length === 1 ? readAt(0) : oneAfterAnother(rest.length, readAt);
  }

  #readFile(file: ListedFile, options: { partition: string; from: FilePlace | undefined; context: ReadContext }): Batches {
    const { partition, from, context } = options;
    const shared = {
      disk: context.environment.disk,
      path: file.path,
      name: file.name,
      partition,
      signal: context.signal,
      onRead: (bytes: number): void => void this.#read.set(file.name, Math.min(bytes, file.sizeBytes)),
    };
    const { format, schema } = this.#options;
    if (format === "parquet") return parquetBatches({ ...shared, projection: context.projection, schema, limits: context.limits }, from);
    const factory = decoderFactory(format, this.#options.csv);
    const decoder = factory.create({ projection: context.projection, columns: context.columns, texts: context.columns, maxRecordBytes: this.#options.maxRecordBytes, ...(schema === undefined ? {} : { schema }) });
    const { compression, chunkBytes, maxDecompressedBytes } = this.#options;
    const content = { compression, chunkBytes, ...(maxDecompressedBytes === undefined ? {} : { maxDecompressedBytes }) };
    const read = { ...shared, content, decoder, isText: isTextFormat(factory.type), maxRejectedBytes: context.maxRejectedBytes };
    const { parallelism, environment } = context;
    if (parallelism === 1 || environment.threads === undefined || decoder.columns === undefined || !canShare(this.#options)) return readText(read, from);
    return this.#readParallel({ read, context, sizeBytes: file.sizeBytes, factory }, from);
  }

  /** What several threads need is loaded by those who have them. */
  async *#readParallel(file: { read: TextReadOptions; context: ReadContext; sizeBytes: number; factory: DecoderFactory }, from: FilePlace | undefined): AsyncGenerator<Batch> {
    const { read, context, sizeBytes, factory } = file;
    const { environment, projection, parallelism, adder } = context;
    const { schema, maxRecordBytes, chunkBytes } = this.#options;
    const { isWorthThreads, rangeBytesOf, readParallel } = await import("../ranges/parallel-reader.ts");
    const isWorth = isWorthThreads(sizeBytes - (from?.offset ?? 0), chunkBytes) && !(await isGzipped(read.disk, read.path, read.content.compression));
    if (!isWorth || context.signal.aborted) return yield* readText(read, from);
    const { RangeThreads: Threads } = await import("../ranges/range-threads.ts");
    this.#threads ??= new Threads(environment.threads!, parallelism - 1);
    const setup = { path: read.path, decoder: factory.lineThreads!, schema: schema!, projection, maxRecordBytes, rangeBytes: rangeBytesOf(chunkBytes), ...(adder === undefined ? {} : { adder }) };
    yield* readParallel({ ...read, sizeBytes, budget: environment.budget, clock: environment.clock, threads: this.#threads, setup }, from);
  }

  async close(): Promise<void> {
    await this.#threads?.close();
  }


  progress(): number | undefined {
    const total = this.#files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const read = this.#files.reduce((sum, file) => sum + (this.#read.get(file.name) ?? 0), 0);
    return total === 0 ? undefined : read / total;
  }
}

/** The reader of Parquet and its codecs are loaded by those who read such files. */
async function* parquetBatches(options: ParquetReadOptions, from: FilePlace | undefined): AsyncGenerator<Batch> {
  const { readParquet } = await import("../files/parquet-reader.ts");
  yield* readParquet(options, from);
  // Columns that nobody wants are never read.
  options.onRead(Infinity);
}
