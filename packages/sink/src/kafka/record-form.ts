// What a record becomes: topic, key, value, headers and partition, by the options of the sink. One object for all records.
import { ChangeKind, type Encoder, type Schema, type SinkBatch, StreamFlowError } from "@streamflow/core";
import { type EncodedHeaders, encodeHeaders, partitionOf, type RecordParts } from "@streamflow/kafka";
import { template, type Template } from "../connectors/template.ts";
import type { RecordFormat } from "../connectors/record-bytes.ts";
import { ByteBuffer } from "../encoders/byte-buffer.ts";
import { encoderOf } from "../encoders/formats.ts";

/** How records are written. */
export interface RecordFormOptions {
  readonly topic: string;
  readonly key?: string;
  readonly format?: RecordFormat;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partition?: string;
}

const none = -1;
const lineEnd = 0x0a;
const carriageReturn = 0x0d;
const asItIs = (value: string): string => value;
const utf8 = new TextEncoder();

/** Makes the parts of each record. */
export class RecordForm {
  /** The topic of all records, where there is one. */
  readonly constantTopic: string | undefined;
  /** Of the record that `read` was called with last. */
  readonly parts: RecordParts = { bytes: new Uint8Array(0), keyStart: none, keyEnd: none, valueStart: none, valueEnd: none, timestampMs: 0, headers: undefined };
  readonly #topic: Template;
  readonly #key: Template | undefined;
  readonly #partition: Template | undefined;
  readonly #headers: readonly (readonly [name: Uint8Array, value: Template])[];
  readonly #constantHeaders: EncodedHeaders | undefined;
  readonly #encoder: Encoder;
  readonly #buffer = new ByteBuffer();

  /** @throws {@link StreamFlowError} SF_CONFIG_INVALID for templates that cannot be read */
  constructor({ topic, key, format = "json", headers = {}, partition }: RecordFormOptions, schema: Schema | undefined) {
    this.#topic = template(topic, "the topic of a Kafka sink", asItIs);
    this.constantTopic = this.#topic.isConstant ? this.#topic.render({}) : undefined;
    this.#key = key === undefined ? undefined : template(key, "the key of a Kafka sink", asItIs);
    this.#partition = partition === undefined ? undefined : template(partition, "the partition of a Kafka sink", asItIs);
    this.#headers = Object.entries(headers).map(([name, text]) => [utf8.encode(name), template(text, `header "${name}" of a Kafka sink`, asItIs)] as const);
    this.#constantHeaders = this.#headers.length > 0 && this.#headers.every(([, { isConstant }]) => isConstant) ? this.#headersOf({}) : undefined;
    this.#encoder = encoderOf(format === "json" ? "ndjson" : format).create(schema === undefined ? {} : { schema });
  }

  /** The topic of a record. @throws {@link StreamFlowError} SF_CODEC_ENCODE where it would have no name that a topic may have */
  topicOf(value: unknown): string {
    if (this.constantTopic !== undefined) return this.constantTopic;
    const topic = this.#topic.render(value);
    if (!isTopicName(topic)) throw new StreamFlowError("SF_CODEC_ENCODE", `${JSON.stringify(topic.slice(0, 300))} is no name of a topic: at most 249 letters, digits, dots, dashes and underscores`);
    return topic;
  }

  /** Puts a record into `parts`. @throws {@link StreamFlowError} SF_CODEC_ENCODE for one that cannot be written */
  read(batch: SinkBatch, index: number): void {
    const { parts } = this;
    const value = batch.values[index];
    const buffer = this.#buffer;
    buffer.clear();
    parts.keyStart = none;
    if (this.#key !== undefined) {
      buffer.text(this.#key.render(value));
      parts.keyStart = 0;
      parts.keyEnd = buffer.length;
    }
    const start = buffer.length;
    parts.valueStart = none;
    if (batch.changes?.[index] !== ChangeKind.delete) {
      this.#encoder.encode(value, buffer);
      parts.valueStart = start;
    }
    parts.valueEnd = this.#withoutLineEnd(start, buffer.length);
    parts.bytes = buffer.area;
    parts.headers = this.#constantHeaders ?? (this.#headers.length === 0 ? undefined : this.#headersOf(value));
  }

  /** The partition of the record in `parts` among `count`; undefined: any. */
  partition(value: unknown, count: number): number | undefined {
    if (this.#partition !== undefined) {
      const text = this.#partition.render(value);
      const number = /^\d{1,9}$/.test(text) ? Number(text) : count;
      if (number >= count) throw new StreamFlowError("SF_CODEC_ENCODE", `partition ${JSON.stringify(text)} is not one of ${count}`);
      return number;
    }
    const { bytes, keyStart, keyEnd } = this.parts;
    return keyStart < 0 ? undefined : partitionOf(bytes.subarray(keyStart, keyEnd), count);
  }

  #withoutLineEnd(start: number, end: number): number {
    const { area } = this.#buffer;
    if (end <= start || area[end - 1] !== lineEnd) return end;
    return end - 2 >= start && area[end - 2] === carriageReturn ? end - 2 : end - 1;
  }

  #headersOf(value: unknown): EncodedHeaders {
    return encodeHeaders(this.#headers.map(([name, text]) => [name, utf8.encode(text.render(value))] as const));
  }
}

/** Whether a topic may have this name. */
export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== "." && name !== "..";
}
