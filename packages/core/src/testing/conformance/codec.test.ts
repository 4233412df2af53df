import { describe, expect, it } from "vitest";
import type { DecodeOutput, Decoder, DecoderFactory, DecoderOptions, EncoderFactory } from "../../contracts/codec.ts";
import { StreamFlowError } from "../../errors.ts";
import { registerConformance, type ConformanceCase } from "./case.ts";
import { countingLines } from "./counting-decoder.fixture.ts";
import { decoderConformance, encoderConformance, REJECTED, type DecoderHarness } from "./codec.ts";

const text = (value: string) => new TextEncoder().encode(value);

/** Lines of JSON under a first line that names the wrapper: small, but with a state that a snapshot must hold. */
class LineDecoder implements Decoder {
  readonly #options: DecoderOptions;
  #wrapper: string | undefined;
  protected skipping = false;

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number {
    let at = from;
    for (;;) {
      const found = bytes.subarray(at, to).indexOf(10);
      const end = found < 0 ? to : at + found;
      if (found < 0 && !last) return this.#wait(at, end, out);
      if (end > at || found >= 0) this.#line(bytes, at, end, out);
      if (found < 0) return to;
      at = end + 1;
    }
  }

  snapshot(): string {
    return this.#wrapper ?? "";
  }

  restore(state: string): void {
    if (state !== "") this.#wrapper = state;
  }

  #wait(at: number, end: number, out: DecodeOutput): number {
    if (end - at <= this.#options.maxRecordBytes) return at;
    if (!this.skipping) out.reject(new StreamFlowError("SF_RECORD_TOO_LARGE", "too large"), at, end);
    this.skipping = true;
    return end;
  }

  #line(bytes: Uint8Array, start: number, end: number, out: DecodeOutput): void {
    if (this.skipping) {
      this.skipping = false;
      return;
    }
    if (this.#wrapper === undefined) {
      this.#wrapper = new TextDecoder().decode(bytes.subarray(start, end));
      return;
    }
    if (end - start > this.#options.maxRecordBytes) return out.reject(new StreamFlowError("SF_RECORD_TOO_LARGE", "too large"), start, end);
    try {
      out.value({ [this.#wrapper]: JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))) }, start, end);
    } catch (cause) {
      out.reject(new StreamFlowError("SF_CODEC_DECODE", "not JSON", { cause }), start, end);
    }
  }
}

const decoder = (make: (options: DecoderOptions) => Decoder): DecoderFactory => ({ type: "lines", create: make });
const values = Array.from({ length: 12 }, (_, i) => ({ w: { id: i, text: "ä".repeat(i) } }));
const good = `w\n${values.map(({ w }) => JSON.stringify(w)).join("\n")}`;

function harness(make: (options: DecoderOptions) => Decoder): DecoderHarness {
  return {
    decoder: decoder(make),
    sample: { bytes: text(good), results: values },
    malformed: { bytes: text('w\n1\n{"a":\n2\n\n3'), results: [{ w: 1 }, REJECTED, { w: 2 }, REJECTED, { w: 3 }] },
    tooLarge: { bytes: text(`w\n1\n"${"x".repeat(5000)}"\n2\n`), results: [{ w: 1 }, REJECTED, { w: 2 }], maxRecordBytes: 100 },
  };
}

const encoder: EncoderFactory = {
  type: "lines",
  create: () => ({
    prologue: text("w\n"),
    encode(value, out) {
      const line = JSON.stringify((value as { w: unknown }).w);
      if (line === undefined) throw new StreamFlowError("SF_CODEC_ENCODE", "not JSON");
      out.text(`${line}\n`);
    },
  }),
};

describe("a decoder of lines", () => registerConformance(it, decoderConformance(harness((options) => new LineDecoder(options)))));
describe("an encoder of lines", () => {
  registerConformance(it, encoderConformance({ encoder, decoder: decoder((options) => new LineDecoder(options)), values, refused: [{ w: undefined }] }));
});

async function failing(cases: readonly ConformanceCase[]): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  for (const one of cases) if (!one.isSkipped) await one.run().catch(() => failed.add(one.id));
  return failed;
}

describe("broken codecs fail", () => {
  const broken: readonly (readonly [string, string, (options: DecoderOptions) => Decoder])[] = [
    ["DEC-1", "one that forgets the last record", (options) => {
      const inner = new LineDecoder(options);
      return { decode: (bytes, from, to, last, out) => {
          const used = inner.decode(bytes, from, to, false, out);
          return last ? to : used;
        } };
    }],
    ["DEC-2", "one that takes every call for a whole", (options) => {
      const inner = new LineDecoder(options);
      return { decode: (bytes, from, to, _last, out) => inner.decode(bytes, from, to, true, out) };
    }],
    ["DEC-4", "one that answers views of its input", (options) => ({
      decode(bytes, from, to, last, out) {
        return new LineDecoder(options).decode(bytes, from, to, last, { ...out, value: (_value, start, end) => out.value(bytes.subarray(start, end), start, end), reject: (...all) => out.reject(...all) });
      },
    })],
    ["DEC-5", "one whose snapshot is empty", (options) => {
      const inner = new LineDecoder(options);
      return { decode: (...all) => inner.decode(...all) };
    }],
  ];
  it.each(broken)("%s: %s", async (id, _name, make) => {
    expect(await failing(decoderConformance(harness(make)))).toContain(id);
  });

  it("DEC-7: one whose lines depend on each other", async () => {
    const counted: DecoderHarness = { decoder: countingLines(), sample: { bytes: text("a\nbb\nccc\n".repeat(4)), results: Array.from({ length: 12 }, (_, i) => i) } };
    expect(await failing(decoderConformance(counted))).toContain("DEC-7");
  });

  it("ENC-1: one that writes before it refuses", async () => {
    const eager: EncoderFactory = {
      type: "lines",
      create: () => ({
        encode(value, out) {
          out.text("w\n");
          encoder.create({}).encode(value, out);
        },
      }),
    };
    expect(await failing(encoderConformance({ encoder: eager, decoder: decoder((options) => new LineDecoder(options)), values, refused: [{ w: undefined }] }))).toEqual(new Set(["ENC-1", "ENC-2"]));
  });
});
