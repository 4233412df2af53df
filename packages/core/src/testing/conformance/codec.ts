// The clauses DEC-1 to DEC-5, DEC-7, ENC-1 and ENC-2 as checks.
import assert from "node:assert/strict";
import type { ByteWriter, DecodeOutput, Decoder, DecoderFactory, DecoderOptions, EncoderFactory } from "../../contracts/codec.ts";
import type { Schema } from "../../schema.ts";
import { seededRandom } from "../seeded-random.ts";
import { mustFail, SuiteBuilder, type ConformanceCase } from "./case.ts";
import { range } from "./store-trial.ts";

/** Stands for a record that is rejected, among the expected values. */
export const REJECTED: unique symbol = Symbol("REJECTED");

/** Bytes, and what they are to be decoded into. */
export interface DecoderSample {
  readonly bytes: Uint8Array;
  /** A value, or {@link REJECTED}, for each record, in order. */
  readonly results: readonly unknown[];
}

/** What the suite needs of a decoder. */
export interface DecoderHarness {
  readonly decoder: DecoderFactory;
  readonly schema?: Schema;
  /** At least ten records of different lengths, none of them malformed; the last one without an end, where the format allows it. */
  readonly sample: DecoderSample;
  /** Malformed records among good ones; every kind of damage that the format knows. */
  readonly malformed?: DecoderSample;
  /** A record of more than `maxRecordBytes` bytes among smaller ones. */
  readonly tooLarge?: DecoderSample & { readonly maxRecordBytes: number };
  /** False: the format has no end of record, each call gets one message. @defaultValue true */
  readonly isStream?: boolean;
}

/** What one reading reported, with places counted from the first byte of the stream. */
interface Report {
  readonly results: unknown[];
  readonly places: (readonly [start: number, end: number])[];
  readonly codes: string[];
}

/** Checks that a decoder keeps the promises of its contract. */
export function decoderConformance(harness: DecoderHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => ({ end: async () => undefined }));
  const { sample, malformed, tooLarge, isStream = true } = harness;
  const streams = { name: "isStream", isMet: isStream };
  const create = (options: Partial<DecoderOptions> = {}): Decoder =>
    harness.decoder.create({ projection: "all", maxRecordBytes: 1_000_000, ...(harness.schema === undefined ? {} : { schema: harness.schema }), ...options });

  suite.add(["DEC-1", "every record is reported once, in order, with its place; with `last` everything is used"], async () => {
    // Bytes around the input are not the decoder's business.
    const around = new Uint8Array(sample.bytes.length + 20).fill(0x7b);
    around.set(sample.bytes, 7);
    const report = emptyReport();
    const to = 7 + sample.bytes.length;
    assert.equal(create().decode(around, 7, to, true, reporting(report, -7)), to);
    assert.deepEqual(report.results, sample.results);
    assert.ok(report.places.every(([start, end], i) => start >= (report.places[i - 1]?.[1] ?? 0) && end >= start && end <= sample.bytes.length), "places follow each other inside the input");
  });

  suite.add(["DEC-2", "where the input is cut changes nothing: one byte at a time"], async () => {
    assert.deepEqual(readInPieces(create(), sample.bytes, range(sample.bytes.length)).results, sample.results);
  }, streams);

  for (const [name, one] of Object.entries({ "good records": sample, ...(malformed === undefined ? {} : { "malformed records": malformed }) })) {
    suite.add(["DEC-2", `where the input is cut changes nothing: random cuts, ${name}`], async () => {
      const whole = readInPieces(create(), one.bytes, []);
      for (const seed of range(100)) {
        const random = seededRandom(seed);
        const cuts = [...new Set(range(1 + random.integer(8)).map(() => random.integer(one.bytes.length + 1)))].sort((a, b) => a - b);
        assert.deepEqual(readInPieces(create(), one.bytes, cuts), whole, `cut at ${cuts.join(", ")}`);
      }
    }, streams);
  }

  suite.add(
    ["DEC-3", "a malformed record is rejected alone, in its place, with an error that says why"],
    async () => {
      const report = readInPieces(create(), malformed?.bytes ?? new Uint8Array(), []);
      assert.deepEqual(report.results, malformed?.results);
      assert.ok(report.codes.every((code) => code === "SF_CODEC_DECODE" || code === "SF_SCHEMA_VIOLATION" || code === "SF_TYPE_MISMATCH"), `codes: ${report.codes.join(", ")}`);
      assert.ok(report.codes.length > 0, "the sample holds a malformed record");
    },
    { name: "malformed", isMet: malformed !== undefined },
  );

  suite.add(
    ["DEC-3", "a record that is too large is rejected alone, with SF_RECORD_TOO_LARGE, however it arrives"],
    async () => {
      const { bytes, results, maxRecordBytes } = tooLarge ?? { bytes: new Uint8Array(), results: [], maxRecordBytes: 1 };
      const steps = isStream ? [bytes.length, 1000, 7] : [bytes.length];
      for (const step of steps) {
        const report = readInPieces(create({ maxRecordBytes }), bytes, range(Math.ceil(bytes.length / step)).map((i) => i * step));
        assert.deepEqual(report.results, results, `in pieces of ${step} bytes`);
        assert.deepEqual([...new Set(report.codes)], ["SF_RECORD_TOO_LARGE"]);
      }
    },
    { name: "tooLarge", isMet: tooLarge !== undefined },
  );

  suite.add(["DEC-4", "values do not change when the input buffer does"], async () => {
    const buffer = sample.bytes.slice();
    const report = emptyReport();
    create().decode(buffer, 0, buffer.length, true, reporting(report, 0));
    buffer.fill(0xee);
    assert.deepEqual(report.results, sample.results);
  });

  suite.add(["DEC-5", "another decoder goes on after the last used byte, with the snapshot where there is one"], async () => {
    for (const seed of range(50)) {
      const cut = seededRandom(seed).integer(sample.bytes.length + 1);
      const report = emptyReport();
      const first = create();
      const used = first.decode(sample.bytes.slice(0, cut), 0, cut, false, reporting(report, 0));
      assert.ok(used >= 0 && used <= cut, `it used ${used} of ${cut} bytes`);
      const second = create();
      if (first.snapshot !== undefined) second.restore?.(first.snapshot());
      const rest = sample.bytes.slice(used);
      second.decode(rest, 0, rest.length, true, reporting(report, used));
      assert.deepEqual(report.results, sample.results, `handed over after ${used} bytes`);
    }
  }, streams);

  const { lineThreads } = harness.decoder;
  for (const [name, one] of Object.entries({ "good records": sample, ...(malformed === undefined ? {} : { "malformed records": malformed }) })) {
    suite.add(
      ["DEC-7", `what becomes of a line depends on that line alone, also as another thread makes the decoder: ${name}`],
      async () => {
        const { module, name: made, options } = lineThreads ?? { module: "", name: "", options: undefined };
        const modules = (await import(/* @vite-ignore */ module)) as Readonly<Record<string, (options: unknown) => DecoderFactory>>;
        const decoder = modules[made]!(structuredClone(options)).create({ projection: "all", maxRecordBytes: 1_000_000, ...(harness.schema === undefined ? {} : { schema: harness.schema }) });
        assert.deepEqual(readByLines(decoder, one.bytes), readInPieces(create(), one.bytes, []));
      },
      { name: "lineThreads", isMet: lineThreads !== undefined },
    );
  }
  return suite.cases;
}

/** Reads each line alone. */
function readByLines(decoder: Decoder, bytes: Uint8Array): Report {
  const starts = [0];
  for (let at = bytes.indexOf(10) + 1; at > 0 && at < bytes.length; at = bytes.indexOf(10, at) + 1) starts.push(at);
  const reports = starts.map((start, i) => {
    const report = emptyReport();
    const piece = bytes.slice(start, starts[i + 1] ?? bytes.length);
    // What stands at the beginning of the stream alone (a mark) belongs to the first line.
    if (i > 0) decoder.restore?.("");
    decoder.decode(piece, 0, piece.length, piece.at(-1) !== 10, reporting(report, start));
    return report;
  });
  return { results: reports.flatMap(({ results }) => results), places: reports.flatMap(({ places }) => places), codes: reports.flatMap(({ codes }) => codes) };
}

/** What the suite needs of an encoder, and the decoder of the same name. */
export interface EncoderHarness {
  readonly encoder: EncoderFactory;
  readonly decoder: DecoderFactory;
  readonly schema?: Schema;
  /** Values that survive the round trip, with everything that the format finds hard. */
  readonly values: readonly unknown[];
  /** Values that cannot be encoded. */
  readonly refused?: readonly unknown[];
  /** False: each value is a message of its own. @defaultValue true */
  readonly isStream?: boolean;
}

/** Checks that an encoder keeps the promises of its contract. */
export function encoderConformance(harness: EncoderHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => ({ end: async () => undefined }));
  const { values, refused = [], isStream = true } = harness;
  const schema = harness.schema === undefined ? {} : { schema: harness.schema };
  const decode = (bytes: Uint8Array): readonly unknown[] => {
    const report = emptyReport();
    harness.decoder.create({ projection: "all", maxRecordBytes: 10_000_000, ...schema }).decode(bytes, 0, bytes.length, true, reporting(report, 0));
    return report.results;
  };

  suite.add(["ENC-2", "what is written is read back equal"], async () => {
    const encoder = harness.encoder.create(schema);
    const prologue = encoder.prologue ?? new Uint8Array();
    const messages = values.map((value) => {
      const out = new ByteList();
      encoder.encode(value, out);
      return out.toBytes();
    });
    const read = isStream ? decode(Buffer.concat([prologue, ...messages])) : messages.flatMap((message) => decode(message));
    assert.deepEqual(read, values);
  });

  suite.add(
    ["ENC-1", "a value that cannot be encoded throws SF_CODEC_ENCODE and appends nothing; the encoder goes on"],
    async () => {
      const encoder = harness.encoder.create(schema);
      const out = new ByteList();
      const [first, second] = [values[0], values[1]];
      encoder.encode(first, out);
      for (const value of refused) {
        const before = out.length;
        await mustFail("SF_CODEC_ENCODE", () => encoder.encode(value, out));
        assert.equal(out.length, before, "bytes were appended for a value that was refused");
      }
      if (!isStream) return;
      encoder.encode(second, out);
      assert.deepEqual(decode(Buffer.concat([encoder.prologue ?? new Uint8Array(), out.toBytes()])), [first, second]);
    },
    { name: "refused", isMet: refused.length > 0 },
  );
  return suite.cases;
}

/** A byte writer that keeps what it is given. */
export class ByteList implements ByteWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  text(text: string): void {
    this.bytes(new TextEncoder().encode(text));
  }

  bytes(bytes: Uint8Array): void {
    this.#parts.push(bytes.slice());
    this.#length += bytes.length;
  }

  toBytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#parts));
  }
}

function emptyReport(): Report {
  return { results: [], places: [], codes: [] };
}

function reporting(report: Report, shift: number): DecodeOutput {
  return {
    value(value, start, end) {
      report.results.push(value);
      report.places.push([start + shift, end + shift]);
    },
    reject(error, start, end) {
      report.results.push(REJECTED);
      report.codes.push(error.code);
      report.places.push([start + shift, end + shift]);
    },
  };
}

/** Reads a stream that arrives in pieces: what was not used is presented again, in a new buffer, and the old one is overwritten. */
function readInPieces(decoder: Decoder, bytes: Uint8Array, cuts: readonly number[]): Report {
  const report = emptyReport();
  let used = 0;
  for (const end of [...cuts, bytes.length]) {
    const isLast = end === bytes.length;
    const buffer = bytes.slice(used, end);
    const taken = decoder.decode(buffer, 0, buffer.length, isLast, reporting(report, used));
    assert.ok(taken >= 0 && taken <= buffer.length, `decode answered ${taken} for ${buffer.length} bytes`);
    if (isLast) assert.equal(taken, buffer.length, "with `last` everything is used");
    buffer.fill(0xee);
    used += taken;
    if (isLast) break;
  }
  return report;
}
