// A batch of the driver kafkajs: messages, as that client takes them.
import type { RecordParts } from "@streamflow/kafka";
import { batchHeaderBytes } from "@streamflow/kafka";
import type { ProducerBatch } from "./producer.ts";

/** A message of the client. */
export interface KafkaJsMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly partition: number;
  readonly timestamp: string;
  readonly headers?: Record<string, Buffer>;
}

/** Length, attributes, both deltas and two lengths of a record, about. */
const overhead = 16;

export class KafkaJsBatch implements ProducerBatch {
  readonly #messages: Omit<KafkaJsMessage, "partition">[] = [];
  #bytes: number = batchHeaderBytes;

  get count(): number {
    return this.#messages.length;
  }

  get byteLength(): number {
    return this.#bytes;
  }

  add({ bytes, keyStart, keyEnd, valueStart, valueEnd, timestampMs, headers }: RecordParts): void {
    const key = keyStart < 0 ? null : Buffer.from(bytes.slice(keyStart, keyEnd));
    const value = valueStart < 0 ? null : Buffer.from(bytes.slice(valueStart, valueEnd));
    const decoded = headers?.pairs.map(([name, text]) => [Buffer.from(name).toString(), Buffer.from(text ?? [])] as const);
    this.#messages.push({ key, value, timestamp: String(timestampMs), ...(decoded === undefined ? {} : { headers: Object.fromEntries(decoded) }) });
    this.#bytes += (key?.length ?? 0) + (value?.length ?? 0) + (headers?.bytes.length ?? 1) + overhead;
  }

  /** Before it is compressed: the client does that when it sends. */
  sealedLength(): number {
    return this.#bytes;
  }

  messages(partition: number): KafkaJsMessage[] {
    return this.#messages.map((message) => ({ ...message, partition }));
  }
}
