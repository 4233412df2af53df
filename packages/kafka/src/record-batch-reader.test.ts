import { compressionsAlgorithmsByBitmask, crc32c, createRecordsBatch } from "@platformatic/kafka";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AbortedTransaction, readHeaders, RecordBatchReader, type RecordPlace } from "./record-batch-reader.ts";

interface Read {
  readonly offset: bigint;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const reader = new RecordBatchReader({
  crc32c: (bytes) => crc32c(Buffer.from(bytes)),
  decompress: (bytes, codec) => compressionsAlgorithmsByBitmask[codec]!.decompressSync(Buffer.from(bytes)),
});

function read(bytes: Uint8Array, fromOffset: bigint = 0n, aborted?: readonly AbortedTransaction[]): { readonly records: readonly Read[]; readonly next: bigint } {
  const records: Read[] = [];
  const text = (bytes: Uint8Array, start: number, end: number): string | null => (start < 0 ? null : Buffer.from(bytes.subarray(start, end)).toString());
  const next = reader.read({ bytes, fromOffset, ...(aborted === undefined ? {} : { aborted }) }, {
    reserve: () => undefined,
    record: ({ offset, timestampMs, keyStart, keyEnd, valueStart, valueEnd, headersStart }: RecordPlace, of) =>
      void records.push({ offset: fromOffset + BigInt(offset), timestampMs, key: text(of, keyStart, keyEnd), value: text(of, valueStart, valueEnd), headers: readHeaders(of, headersStart) }),
  });
  return { records, next };
}

interface Message {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

interface BatchOptions {
  readonly baseOffset?: bigint;
  readonly producerId?: bigint;
  readonly compression?: "none" | "gzip" | "snappy" | "lz4" | "zstd";
}

/** A batch as the client library writes it, at an offset. */
function batch(messages: readonly Message[], { baseOffset = 0n, producerId, compression = "none" }: BatchOptions = {}): Buffer {
  const records = messages.map(({ key, value, timestampMs, headers }) => ({
    topic: "t", timestamp: BigInt(timestampMs), headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
    key: (key === null ? null : Buffer.from(key)) as never, value: (value === null ? null : Buffer.from(value)) as never,
  }));
  const options = { compression, ...(producerId === undefined ? {} : { producerId, producerEpoch: 0, transactionalId: "x" }) };
  const bytes = Buffer.from(createRecordsBatch(records, options).dynamicBuffer.slice());
  bytes.writeBigInt64BE(baseOffset, 0);
  return bytes;
}

/** The end of a transaction: a control batch. */
function marker(baseOffset: bigint, producerId: bigint, kind: "abort" | "commit"): Buffer {
  const key = Buffer.from([0, 0, 0, kind === "abort" ? 0 : 1]);
  const bytes = batch([{ key: key.toString("latin1"), value: "\0\0\0\0\0\0", timestampMs: 0, headers: {} }], { baseOffset, producerId });
  bytes.writeInt16BE(bytes.readInt16BE(21) | 0x20, 21);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

const one = (value: string): Message => ({ key: null, value, timestampMs: 5, headers: {} });
const messages = fc.array(
  fc.record({
    key: fc.option(fc.string()), value: fc.option(fc.string({ unit: "binary", maxLength: 300 })), // The library writes differences of times in 32 bits.
    timestampMs: fc.integer({ min: 1.7e12, max: 1.7e12 + 2 ** 30 }),
    headers: fc.dictionary(fc.string({ minLength: 1 }).filter((name) => name !== "__proto__"), fc.string(), { maxKeys: 3, noNullPrototype: true }),
  }),
  { minLength: 1, maxLength: 40 },
);

describe("record batches", () => {
  test("are read as they were written, whatever they are compressed with", () => {
    fc.assert(fc.property(messages, fc.constantFrom("none", "gzip", "snappy", "lz4", "zstd"), fc.bigInt({ min: 0n, max: 2n ** 62n }), (written, compression, baseOffset) => {
      const { records, next } = read(batch(written, { baseOffset, compression }), baseOffset);
      expect(records).toEqual(written.map((message, i) => ({ ...message, offset: baseOffset + BigInt(i) })));
      expect(next).toBe(baseOffset + BigInt(written.length));
    }), { numRuns: 200 });
  });

  test("that begin before the offset are read from it on, and what is cut off is left", () => {
    const bytes = Buffer.concat([batch(["a", "b", "c"].map(one)), batch(["d"].map(one), { baseOffset: 3n })]);
    expect(read(bytes, 2n).records.map(({ value, offset }) => [value, offset])).toEqual([["c", 2n], ["d", 3n]]);
    for (let length = 0; length < bytes.length; length++) {
      const { records, next } = read(bytes.subarray(0, length));
      expect(next).toBe(BigInt(records.length));
      expect([0, 3]).toContain(records.length);
    }
  });

  test("any bit that is turned is noticed", () => {
    const bytes = batch(["a", "b"].map(one));
    // Behind the checksum; what stands before it says where the batch is, and how long.
    for (let at = 21; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << at % 8;
      expect(() => read(damaged)).toThrow(/fails its checksum/);
    }
  });
});

describe("transactions", () => {
  const [a, b] = [7n, 8n];

  test("that were aborted are left out, those between them are not, and no marker is a record", () => {
    const bytes = Buffer.concat([
      batch([one("a0"), one("a1")], { baseOffset: 0n, producerId: a }), batch([one("b2")], { baseOffset: 2n, producerId: b }), marker(3n, a, "abort"),
      batch([one("a4")], { baseOffset: 4n, producerId: a }), marker(5n, b, "commit"), marker(6n, a, "abort"),
      batch([one("a7")], { baseOffset: 7n, producerId: a }), batch([one("plain")], { baseOffset: 8n }), marker(9n, a, "commit"),
    ]);
    const { records, next } = read(bytes, 0n, [{ producerId: a, firstOffset: 4n }, { producerId: a, firstOffset: 0n }]);
    expect(records.map(({ value }) => value)).toEqual(["b2", "a7", "plain"]);
    expect(next).toBe(10n);
    expect(read(bytes).records.map(({ value }) => value)).toEqual(["a0", "a1", "b2", "a4", "a7", "plain"]);
  });

  test("whose marker comes with a later fetch are left out all the same", () => {
    const bytes = batch([one("a0"), one("a1")], { producerId: a });
    expect(read(bytes, 0n, [{ producerId: a, firstOffset: 0n }])).toEqual({ records: [], next: 2n });
    expect(read(bytes, 1n, [{ producerId: a, firstOffset: 0n }])).toEqual({ records: [], next: 2n });
  });
});
