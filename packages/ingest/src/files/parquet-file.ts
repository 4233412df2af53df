// A Parquet file on the injected disk: its metadata, and the columns of ranges of rows.
import { createHash } from "node:crypto";
import { toStreamFlowError, type Disk, type DiskFile, type StreamFlowError } from "@streamflow/core";
import { parquetMetadataAsync, parquetScan, parquetSchema, type AsyncBuffer, type FileMetaData } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { openFile } from "./content.ts";
import { decimalsOf, parsers, readPlan, type ParquetValues, type ReadPlan } from "./parquet-values.ts";

/** Rows `[start, end)` of a file that are read together. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** An open Parquet file. */
export class ParquetFile {
  readonly columns: readonly string[];
  readonly rowCount: number;
  /** Of the metadata: any other content has another one. */
  readonly fingerprint: string;
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #buffer: AsyncBuffer;
  readonly #plan: ReadPlan;

  private constructor(path: string, file: DiskFile, parts: { buffer: AsyncBuffer; metadata: FileMetaData }) {
    this.#path = path;
    this.#file = file;
    this.#buffer = parts.buffer;
    this.#plan = readPlan(parts.metadata);
    this.columns = parquetSchema(parts.metadata).children.map((child) => child.element.name);
    this.rowCount = Number(parts.metadata.num_rows);
    this.fingerprint = fingerprintOf(parts.metadata, parts.buffer.byteLength);
  }

  /** @throws {@link StreamFlowError} SF_SOURCE_MISSING, SF_SOURCE_FAILED, or SF_CODEC_DECODE for what is no Parquet file. */
  static async open(disk: Disk, path: string, onRead: (bytes: number) => void): Promise<ParquetFile> {
    const file = await openFile(disk, path);
    try {
      let bytesRead = 0;
      const buffer = asyncBuffer(file, await file.size(), (bytes) => onRead((bytesRead += bytes)));
      return new ParquetFile(path, file, { buffer, metadata: await parquetMetadataAsync(buffer) });
    } catch (thrown) {
      await file.close();
      throw damaged(path, thrown);
    }
  }

  /** Row ranges that can be decoded on their own: the row groups, from the one that holds row `from`. */
  ranges(from: number): readonly RowRange[] {
    const ranges: RowRange[] = [];
    let start = 0;
    for (const group of this.#plan.metadata.row_groups) {
      const end = start + Number(group.num_rows);
      if (end > from) ranges.push({ start: Math.max(start, from), end });
      start = end;
    }
    return ranges;
  }

  /** Reads columns of a range of one row group. */
  async read(range: RowRange, columns: readonly string[]): Promise<ReadonlyMap<string, ParquetValues>> {
    try {
      const scan = await parquetScan({ file: this.#buffer, metadata: this.#plan.metadata, columns: [...columns], compressors, parsers, utf8: false, geoparquet: false, rowStart: range.start, rowEnd: range.end });
      const values = new Map<string, ParquetValues>();
      for (const column of columns) {
        const scale = this.#plan.scales.get(column);
        const read = await scan.readColumn({ column, rowStart: range.start, rowEnd: range.end });
        values.set(column, scale === undefined ? read : decimalsOf(read, scale));
      }
      return values;
    } catch (thrown) {
      throw damaged(this.#path, thrown);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function damaged(path: string, thrown: unknown): StreamFlowError {
  return toStreamFlowError(thrown, "SF_CODEC_DECODE", `Parquet file "${path}"`);
}

/** Reads of one file go one after another, as its contract asks. */
function asyncBuffer(file: DiskFile, byteLength: number, onRead: (bytes: number) => void): AsyncBuffer {
  let queue: Promise<unknown> = Promise.resolve();
  const readAll = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(Math.max(0, end - start));
    let done = 0;
    while (done < bytes.length) {
      const count = await file.read(bytes, done, bytes.length - done, start + done);
      if (count === 0) break;
      done += count;
    }
    onRead(done);
    return bytes.buffer;
  };
  return {
    byteLength,
    slice: (start, end = byteLength) => {
      const from = start < 0 ? byteLength + start : start;
      const read = queue.then(() => readAll(from, end));
      queue = read.catch(() => undefined);
      return read;
    },
  };
}

function fingerprintOf(metadata: FileMetaData, byteLength: number): string {
  const text = JSON.stringify([byteLength, metadata], (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
