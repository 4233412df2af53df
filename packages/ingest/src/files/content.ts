// The content of a file as a stream of bytes, decompressed where it is compressed.
import { StreamFlowError, toStreamFlowError, type Disk, type DiskFile } from "@streamflow/core";
import { changedFile } from "./file-position.ts";
import { gunzip, type GunzipLimits } from "./gunzip.ts";

/** How a file is compressed; `auto` looks at its first bytes. */
export type Compression = "none" | "gzip" | "auto";

/** How content is opened. */
export interface ContentOptions extends GunzipLimits {
  readonly compression: Compression;
  /** Bytes read from the disk at a time. */
  readonly chunkBytes: number;
}

/** Bytes of a file, in order. One call at a time. */
export interface Content {
  /** Reads up to `length` bytes into `target` at `offset`; answers the count, 0 at the end. */
  read(target: Uint8Array, offset: number, length: number): Promise<number>;
  /** As `read`, at once; undefined where that could keep the caller waiting, and at the end. */
  readNow?(target: Uint8Array, offset: number, length: number): number | undefined;
  /** Skips bytes; answers false where there are not as many. */
  skip(bytes: number): Promise<boolean>;
  /** Bytes of the file, as it lies on the disk, that have been read. */
  readonly bytesRead: number;
  close(): Promise<void>;
}

/**
 * Opens a file's content.
 * @throws {@link StreamFlowError} SF_SOURCE_MISSING or SF_SOURCE_FAILED, naming the path.
 */
export async function openContent(disk: Disk, path: string, options: ContentOptions): Promise<Content> {
  const file = await openFile(disk, path);
  try {
    const isGzip = options.compression === "gzip" || (options.compression === "auto" && (await startsAsGzip(file)));
    return isGzip ? new GzipContent(file, path, options) : new PlainContent(file, path);
  } catch (thrown) {
    await file.close();
    throw toStreamFlowError(thrown, "SF_SOURCE_FAILED", `cannot read "${path}"`);
  }
}

/** Opens a file for reading, with the errors of a source. */
export async function openFile(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.openRead(path);
  } catch (thrown) {
    if (StreamFlowError.is(thrown) && thrown.context?.["reason"] === "missing") throw missingFile(path);
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new StreamFlowError("SF_SOURCE_FAILED", `cannot open "${path}" for reading: ${reason}`, { cause: thrown, context: { path }, hint: "check the permissions of the file" });
  }
}

/** The error of a file that does not exist. */
export function missingFile(path: string): StreamFlowError {
  return new StreamFlowError("SF_SOURCE_MISSING", `file "${path}" does not exist`, { context: { path } });
}

/** Whether the content of a file is compressed. */
export async function isGzipped(disk: Disk, path: string, compression: Compression): Promise<boolean> {
  if (compression !== "auto") return compression === "gzip";
  const file = await openFile(disk, path);
  try {
    return await startsAsGzip(file);
  } finally {
    await file.close();
  }
}

async function startsAsGzip(file: DiskFile): Promise<boolean> {
  const magic = new Uint8Array(2);
  const count = await file.read(magic, 0, 2, 0);
  return count === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
}

class PlainContent implements Content {
  readonly #file: DiskFile;
  readonly #path: string;
  #position = 0;

  constructor(file: DiskFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  get bytesRead(): number {
    return this.#position;
  }

  read(target: Uint8Array, offset: number, length: number): Promise<number> {
    return this.#file.read(target, offset, length, this.#position).then((count) => {
      if (count === 0 && length > 0) return this.#end();
      this.#position += count;
      return count;
    });
  }

  readNow(target: Uint8Array, offset: number, length: number): number | undefined {
    const count = this.#file.readNow?.(target, offset, length, this.#position);
    if (count === undefined || count === 0) return undefined;
    this.#position += count;
    return count;
  }

  /** An end that lies before what has been read is none: records may be missing. */
  async #end(): Promise<number> {
    const size = await this.#file.size();
    if (size < this.#position) throw changedFile(this.#path, `it had ${this.#position} bytes when they were read, and has ${size}`);
    return 0;
  }

  async skip(bytes: number): Promise<boolean> {
    const size = await this.#file.size();
    if (this.#position + bytes > size) return false;
    this.#position += bytes;
    return true;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

class GzipContent implements Content {
  bytesRead = 0;
  readonly #file: DiskFile;
  readonly #pieces: AsyncGenerator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);

  constructor(file: DiskFile, path: string, options: ContentOptions) {
    this.#file = file;
    this.#pieces = gunzip(this.#compressed(options.chunkBytes), path, options);
  }

  async *#compressed(chunkBytes: number): AsyncGenerator<Uint8Array> {
    for (;;) {
      // zlib reads the chunk on another thread, so it is not reused.
      const chunk = new Uint8Array(chunkBytes);
      const count = await this.#file.read(chunk, 0, chunkBytes, this.bytesRead);
      if (count === 0) return;
      this.bytesRead += count;
      yield chunk.subarray(0, count);
    }
  }

  async read(target: Uint8Array, offset: number, length: number): Promise<number> {
    let done = 0;
    while (done < length && (await this.#fill(done > 0))) {
      const part = this.#piece.subarray(0, length - done);
      target.set(part, offset + done);
      this.#piece = this.#piece.subarray(part.length);
      done += part.length;
    }
    return done;
  }

  #failure: { readonly thrown: unknown } | undefined;

  /** Makes sure that there is a piece. An error waits until what came before it has been read. */
  async #fill(hasRead: boolean): Promise<boolean> {
    if (this.#piece.length > 0) return true;
    if (this.#failure === undefined) {
      try {
        const next = await this.#pieces.next();
        if (next.done === true) return false;
        this.#piece = next.value;
        return true;
      } catch (thrown) {
        this.#failure = { thrown };
      }
    }
    if (hasRead) return false;
    throw this.#failure.thrown;
  }

  async skip(bytes: number): Promise<boolean> {
    let left = bytes;
    while (left > 0) {
      if (!(await this.#fill(false))) return false;
      const part = Math.min(left, this.#piece.length);
      this.#piece = this.#piece.subarray(part);
      left -= part;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
    await this.#file.close();
  }
}
