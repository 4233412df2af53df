// What the body of a request is made of: records by an encoder, alone or together.
import type { Schema } from "@streamflow/core";
import { formatName, RecordBytes, type RecordFormat } from "./record-bytes.ts";

const contentTypes: Readonly<Record<string, string>> = { json: "application/json", ndjson: "application/x-ndjson", csv: "text/csv; charset=utf-8", lines: "text/plain; charset=utf-8" };
const [comma, open, close] = [",", "[", "]"].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];

/** Makes bodies. */
export class BodyWriter {
  readonly contentType: string;
  readonly #isJson: boolean;
  readonly #records: RecordBytes;

  constructor(format: RecordFormat, schema: Schema | undefined) {
    this.#isJson = format === "json";
    this.contentType = contentTypes[formatName(format)] ?? "application/octet-stream";
    this.#records = new RecordBytes(format, schema);
  }

  /** The bytes of one record. @throws what the encoder throws for a record that it cannot write */
  record(value: unknown): Uint8Array {
    return this.#records.of(value);
  }

  /** Where requests have one record each, a JSON body is that value; else a list, also of one. */
  body(records: readonly Uint8Array[], isAlone: boolean): Uint8Array<ArrayBuffer> {
    const { prologue } = this.#records;
    if (!this.#isJson) return Buffer.concat([...(prologue === undefined ? [] : [prologue]), ...records]);
    if (isAlone) return Buffer.concat(records);
    return Buffer.concat([open, ...records.flatMap((record, i) => (i === 0 ? [record] : [comma, record])), close]);
  }
}
