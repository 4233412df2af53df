// What the body of a request is made of: records by an encoder, alone or together.
import type { EncoderFactory, Schema } from "@streamflow/core";
import { ByteBuffer } from "../encoders/byte-buffer.ts";
import { encoderOf, type OutputFormat } from "../encoders/formats.ts";

/** How records become the body of a request. `json`: a record is a JSON value, a batch a list of them. */
export type HttpFormat = "json" | OutputFormat;

const contentTypes: Readonly<Record<string, string>> = { json: "application/json", ndjson: "application/x-ndjson", csv: "text/csv; charset=utf-8", lines: "text/plain; charset=utf-8" };
const [comma, open, close, lineFeed] = [Uint8Array.of(0x2c), Uint8Array.of(0x5b), Uint8Array.of(0x5d), 0x0a];

/** The name of a format, for the plan. */
export function formatName(format: HttpFormat): string {
  return typeof format === "string" ? format : format.type;
}

/** Makes bodies. */
export class BodyWriter {
  readonly contentType: string;
  readonly #isJson: boolean;
  readonly #encoder: ReturnType<EncoderFactory["create"]>;
  readonly #buffer = new ByteBuffer();

  constructor(format: HttpFormat, schema: Schema | undefined) {
    this.#isJson = format === "json";
    this.contentType = contentTypes[formatName(format)] ?? "application/octet-stream";
    this.#encoder = encoderOf(format === "json" ? "ndjson" : format).create(schema === undefined ? {} : { schema });
  }

  /** The bytes of one record, a copy. @throws what the encoder throws for a record that it cannot write */
  record(value: unknown): Uint8Array {
    this.#buffer.clear();
    this.#encoder.encode(value, this.#buffer);
    const bytes = this.#buffer.view();
    const length = this.#isJson && bytes.at(-1) === lineFeed ? bytes.length - 1 : bytes.length;
    return new Uint8Array(bytes.subarray(0, length));
  }

  /** Where requests have one record each, a JSON body is that value; else a list, also of one. */
  body(records: readonly Uint8Array[], isAlone: boolean): Uint8Array<ArrayBuffer> {
    if (!this.#isJson) return Buffer.concat([...(this.#encoder.prologue === undefined ? [] : [this.#encoder.prologue]), ...records]);
    if (isAlone) return Buffer.concat(records);
    return Buffer.concat([open, ...records.flatMap((record, i) => (i === 0 ? [record] : [comma, record])), close]);
  }
}
