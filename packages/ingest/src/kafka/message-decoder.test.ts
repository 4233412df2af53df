import { type Batch, nullable, rowsOf, t as types } from "@streamflow/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csv } from "../codecs/csv/csv.ts";
import { lines } from "../codecs/lines.ts";
import { ndjson } from "../codecs/ndjson/ndjson.ts";
import { BlockBuilder } from "./block-builder.ts";
import { MessageDecoder, type MessageDecoderOptions } from "./message-decoder.ts";
import type { RecordBlock } from "./record-block.ts";

const utf8 = new TextEncoder();

/** A block of values, from offset 10 on, with a hole after each. */
function blockOf(values: readonly (Uint8Array | string | null)[]): RecordBlock {
  const builder = new BlockBuilder(10n, { keys: false, headers: false });
  values.forEach((value, i) => builder.addBuffers({ offset: 2 * i, timestampMs: i }, null, typeof value === "string" ? utf8.encode(value) : value));
  return builder.build({ nextOffset: 1_000n, endOffset: 1_000n })!;
}

type Options = Partial<MessageDecoderOptions> & Pick<MessageDecoderOptions, "factory">;

function decoder(options: Options): MessageDecoder {
  return new MessageDecoder({ partition: "t-0", decoder: { projection: "all", maxRecordBytes: 1 << 20 }, fields: {}, tombstones: "reject", maxRejectedBytes: 100, ...options });
}

/** What a batch says of each input: its position, and its value or the code of its error. */
function told(batch: Batch): readonly string[] {
  const values = rowsOf(batch).map((value, i) => ({ at: Number(batch.positionAt(i)), text: JSON.stringify(value) }));
  const rejected = (batch.rejected ?? []).map(({ position, error }) => ({ at: Number(position), text: error.code }));
  batch.release?.();
  return [...values, ...rejected].sort((a, b) => a.at - b.at).map(({ at, text }) => `${at} ${text}`);
}

/** Each value in a block, and with a decoder, of its own: nothing before it can matter. */
function alone(values: readonly (Uint8Array | string | null)[], options: Options): readonly string[] {
  return values.flatMap((value, i) => told(decoder(options).decode(blockOf([value]))).map((text) => text.replace(/^11/, String(11 + 2 * i))));
}

const hostile = ["", " ", "\n", "\r", "\r\n", "{}", "{\"a\":1}", "{\"a\":1}\r", "{\n\"a\":\n2}", "{\"a\":1}\n{\"a\":2}", "{\"a\":1} {\"a\":2}", "\uFEFF{\"a\":3}", "{\"a\":", "null", "[1]", "7", "\"x\"", "{\"a\":\"é\"}", "a,b", "\"a", "b\"", "\"a\nb\",c", "#", "\0", "\n{\"a\":1}", "{\"a\":1}\n", "{\"a\":1}\n\n"] as const;
const poison = [Uint8Array.of(0xff, 0xfe), Uint8Array.of(0x7b, 0x22, 0xc3, 0x22, 0x7d), Uint8Array.of(0xef, 0xbb, 0xbf)];
const value = fc.oneof(fc.constantFrom(...hostile, ...poison), fc.constant(null), fc.json(), fc.string());

const schema = types.struct({ a: types.int32() });
const formats: readonly (readonly [name: string, options: Options])[] = [
  ["json", { factory: ndjson() }],
  ["json in columns", { factory: ndjson(), decoder: { projection: [["a"]], columns: true, texts: true, schema, maxRecordBytes: 1 << 20 } }],
  ["json with a schema", { factory: ndjson(), decoder: { projection: "all", schema, maxRecordBytes: 1 << 20 } }],
  ["text", { factory: lines() }],
  ["csv", { factory: csv({ header: false }), decoder: { projection: "all", schema: types.struct({ a: nullable(types.string()), b: nullable(types.string()) }), maxRecordBytes: 1 << 20 } }],
  ["json with short records", { factory: ndjson(), decoder: { projection: "all", maxRecordBytes: 8 } }],
];

describe.each(formats)("%s", (_name, options) => {
  it("gives of each value what it alone gives, whatever stands beside it (M1, M2)", () => {
    fc.assert(fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }), (blocks) => {
      const one = decoder(options);
      for (const values of blocks) expect(told(one.decode(blockOf(values)))).toEqual(alone(values, options));
    }), { numRuns: 150 });
  });
});

it("a value of JSON is what JSON.parse says, or is rejected where it throws", () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.json(), fc.json().map((text) => ` ${text}\n`), fc.constantFrom(...hostile)), { minLength: 1, maxLength: 5 }), (values) => {
    const parsed = values.map((text, i) => {
      try {
        return `${11 + 2 * i} ${JSON.stringify(JSON.parse(text))}`;
      } catch {
        return `${11 + 2 * i} rejected`;
      }
    });
    expect(told(decoder({ factory: ndjson() }).decode(blockOf(values))).map((text) => text.replace(/SF_\w+/, "rejected"))).toEqual(parsed);
  }), { numRuns: 150 });
});

it("a text is all of its value: with its line ends, and where it is empty", () => {
  expect(told(decoder({ factory: lines() }).decode(blockOf(["a\nb\r\n", "", "c\r"])))).toEqual(['11 "a\\nb\\r\\n"', '13 ""', '15 "c\\r"']);
});

it("tombstones are rejected in their place, or left out, and are behind us either way", () => {
  const block = blockOf([null, "{\"a\":1}", null]);
  const rejecting = decoder({ factory: ndjson() }).decode(block);
  expect(rejecting.rejected?.map(({ beforeIndex, position }) => [beforeIndex, position])).toEqual([[0, "11"], [1, "15"]]);
  const skipping = decoder({ factory: ndjson(), tombstones: "skip" }).decode(block);
  expect([skipping.length, skipping.rejected, skipping.endPosition]).toEqual([1, undefined, "15"]);
  const none = decoder({ factory: ndjson(), tombstones: "skip" }).decode(blockOf([null, null]));
  expect([none.length, none.endPosition]).toEqual([0, "13"]);
});

it("keeps the bytes of what it rejects, up to the limit", () => {
  const { rejected } = decoder({ factory: ndjson(), maxRejectedBytes: 3 }).decode(blockOf(["{\"a\"", "x"]));
  expect(rejected?.map(({ raw, truncated }) => [Buffer.from(raw!).toString(), truncated])).toEqual([["{\"a", true], ["x", undefined]]);
});
