// The contract's clauses, for NDJSON with and without a schema.
import type { Schema } from "@streamflow/core";
import { decoderConformance, REJECTED, registerConformance, type DecoderHarness } from "@streamflow/core/testing";
import { describe, it } from "vitest";
import { ndjson } from "./ndjson.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const values = Array.from({ length: 14 }, (_, id) => ({ id, text: id % 5 === 0 ? 'é𝄞 "quoted"\n' : "plain".repeat(id) }));
const line = (value: unknown): string => JSON.stringify(value);
const schema: Schema = { type: "struct", fields: [{ name: "id", type: { type: "int32" } }, { name: "text", type: { type: "string" } }] };

const harness: DecoderHarness = {
  decoder: ndjson(),
  // A byte order mark, blank lines, both kinds of line ends, and no end at the end.
  sample: { bytes: bytes(`\ufeff${values.map((value, i) => `${line(value)}${i % 3 === 0 ? "\r\n\n" : "\n"}`).join("").trimEnd()}`), results: values },
  malformed: { bytes: bytes(`${line(values[1])}\n{"id":\n${line(values[2])}\n[\n${line(values[3])}`), results: [values[1], REJECTED, values[2], REJECTED, values[3]] },
  tooLarge: { bytes: bytes(`${line(values[1])}\n{"id":2,"text":"${"x".repeat(5_000)}"}\n${line(values[2])}\n`), results: [values[1], REJECTED, values[2]], maxRecordBytes: 100 },
};

describe("NDJSON", () => registerConformance(it, decoderConformance(harness)));
describe("NDJSON with a schema", () => registerConformance(it, decoderConformance({ ...harness, schema })));
describe("strict NDJSON", () => registerConformance(it, decoderConformance({ ...harness, decoder: ndjson({ strict: true }), schema })));
