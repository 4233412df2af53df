// The parts of the epoch that is being written.
//   S1. Memory holds at most `drainBytes` and one batch; everything else is in files.
//   S2. Bytes leave the buffer only when the disk has taken them: after a full disk the same call may be made again, and nothing is lost or doubled.
import { crc32 } from "node:zlib";
import type { Disk, DiskFile, Encoder, SinkBatch } from "@streamflow/core";
import { BatchError } from "@streamflow/core";
import { ByteBuffer } from "../encoders/byte-buffer.ts";
import { encodeBatch } from "../encoders/encode-batch.ts";
import { openName } from "./file-names.ts";

const drainBytes = 256 * 1024;

/** What is staged with. */
export interface StagingOptions {
  readonly disk: Disk;
  readonly folder: string;
  readonly writer: string;
  readonly encoder: Encoder;
  readonly maxPartBytes: number;
}

/** A part that is not visible. */
export class StagedPart {
  /** Its name at present. */
  name: string;
  file: DiskFile | undefined;
  rows = 0;
  bytes = 0;
  checksum = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** Records on their way into parts. */
export class Staging {
  readonly #options: StagingOptions;
  readonly #buffer = new ByteBuffer();
  #finished: StagedPart[] = [];
  #current: StagedPart | undefined;
  #made = 0;
  /** Counts the calls of `clear`: what was under way before one belongs to nothing any more. */
  #era = 0;

  constructor(options: StagingOptions) {
    this.#options = options;
  }

  /** Where it throws anything but a BatchError, it has taken nothing of the batch. */
  add(batch: SinkBatch): void | Promise<void> {
    // Waited for before the batch is taken, so that a failure of the disk is never a failure of half a batch.
    if (this.#buffer.leastLength < drainBytes) return this.#encode(batch);
    const era = this.#era;
    return this.#drain().then(() => (era === this.#era ? this.#encode(batch) : undefined));
  }

  /** Brings everything to the disk, and answers the parts of the epoch. They stay staged until `sealed` is called. */
  async finish(): Promise<readonly StagedPart[]> {
    if (this.#current !== undefined) {
      await this.#drain();
      await this.#finishCurrent();
    }
    return this.#finished;
  }

  /** The epoch is over. */
  sealed(): void {
    this.#finished = [];
  }

  /** Forgets everything that is staged. What cannot be removed now is removed as a leftover some time. */
  async clear(): Promise<void> {
    const parts = this.#current === undefined ? this.#finished : [...this.#finished, this.#current];
    this.#finished = [];
    this.#current = undefined;
    this.#buffer.clear();
    this.#era++;
    for (const part of parts) {
      await part.file?.close().catch(() => undefined);
      await this.#options.disk.remove(`${this.#options.folder}/${part.name}`).catch(() => undefined);
    }
  }

  #encode(batch: SinkBatch): void {
    if (batch.length === 0) return;
    const part = this.#current ?? this.#start();
    const failures = encodeBatch(this.#options.encoder, batch, this.#buffer);
    part.rows += batch.length - failures.length;
    if (failures.length > 0) throw new BatchError(`${failures.length} of ${batch.length} records cannot be encoded: ${failures[0]?.error.message}`, failures);
  }

  #start(): StagedPart {
    const part = new StagedPart(openName(this.#options.writer, this.#made++));
    this.#current = part;
    if (this.#options.encoder.prologue !== undefined) this.#buffer.bytes(this.#options.encoder.prologue);
    return part;
  }

  async #drain(): Promise<void> {
    const part = this.#current;
    if (part === undefined) return;
    const { disk, folder, maxPartBytes } = this.#options;
    const era = this.#era;
    part.file ??= await disk.createExclusive(`${folder}/${part.name}`);
    if (this.#buffer.length > 0) {
      const bytes = this.#buffer.view();
      await part.file.write(bytes, part.bytes);
      if (era !== this.#era) return;
      part.bytes += bytes.length;
      part.checksum = crc32(bytes, part.checksum);
      this.#buffer.clear();
    }
    if (part.bytes >= maxPartBytes) await this.#finishCurrent();
  }

  async #finishCurrent(): Promise<void> {
    const part = this.#current;
    if (part === undefined) return;
    await part.file?.sync();
    await part.file?.close();
    part.file = undefined;
    this.#current = undefined;
    // A part whose records were all refused has no rows: it is an epoch without output.
    if (part.rows > 0) this.#finished.push(part);
    else await this.#options.disk.remove(`${this.#options.folder}/${part.name}`);
  }
}
