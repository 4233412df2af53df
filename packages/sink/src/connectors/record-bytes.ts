// The bytes of single records, by an encoder.
import type { Encoder, Schema } from "@streamflow/core";
import { ByteBuffer } from "../encoders/byte-buffer.ts";
import { encoderOf, type OutputFormat } from "../encoders/formats.ts";

/** How a record becomes bytes. `json`: a JSON value, without the end of a line. */
export type RecordFormat = "json" | OutputFormat;

/** The name of a format, for the plan. */
export function formatName(format: RecordFormat): string {
  return typeof format === "string" ? format : format.type;
}

/** Encodes records one by one. */
export class RecordBytes {
  readonly #encoder: Encoder;
  readonly #dropsLineEnd: boolean;
  readonly #buffer = new ByteBuffer();

  /** @param dropsLineEnd whether what an encoder ends a line with is left away; `json` has none */
  constructor(format: RecordFormat, schema: Schema | undefined, dropsLineEnd: boolean = false) {
    this.#dropsLineEnd = dropsLineEnd || format === "json";
    this.#encoder = encoderOf(format === "json" ? "ndjson" : format).create(schema === undefined ? {} : { schema });
  }

  /** What a file of this format begins with. */
  get prologue(): Uint8Array | undefined {
    return this.#encoder.prologue;
  }

  /** A copy. @throws what the encoder throws for a record that it cannot write */
  of(value: unknown): Uint8Array {
    this.#buffer.clear();
    this.#encoder.encode(value, this.#buffer);
    const bytes = this.#buffer.view();
    return new Uint8Array(this.#dropsLineEnd ? withoutLineEnd(bytes) : bytes);
  }
}

function withoutLineEnd(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}
