// A batch of the wire driver: written where it is sent from.
import { type BatchCompression, type BatchSeal, RecordBatchWriter, type RecordParts } from "@streamflow/kafka";
import type { ProducerBatch } from "./producer.ts";

const unknownSeal: BatchSeal = { producerId: 0n, producerEpoch: 0, sequence: 0, isTransactional: true };

export class WireBatch implements ProducerBatch {
  readonly #writer: RecordBatchWriter;
  readonly #compression: BatchCompression | undefined;

  constructor(crc32c: (bytes: Uint8Array) => number, compression: BatchCompression | undefined) {
    this.#writer = new RecordBatchWriter(crc32c);
    this.#compression = compression;
  }

  get count(): number {
    return this.#writer.count;
  }

  get byteLength(): number {
    return this.#writer.byteLength;
  }

  add(record: RecordParts): void {
    this.#writer.add(record);
  }

  sealedLength(): number {
    return this.#compression === undefined ? this.#writer.byteLength : this.seal(unknownSeal).length;
  }

  seal(seal: BatchSeal): Uint8Array {
    return this.#writer.seal({ ...seal, ...(this.#compression === undefined ? {} : { compression: this.#compression }) });
  }
}
