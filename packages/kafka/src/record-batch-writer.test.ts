import { compressionsAlgorithms, crc32c, Reader, readRecordsBatch } from "@platformatic/kafka";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatchCompression, type BatchSeal, type EncodedHeaders, encodeHeaders, type RecordParts, RecordBatchWriter } from "./record-batch-writer.ts";

const seal: BatchSeal = { producerId: 4_000_000_000_000n, producerEpoch: 3, sequence: 70_000, isTransactional: true };
const writer = (firstBytes?: number): RecordBatchWriter => new RecordBatchWriter((bytes) => crc32c(bytes as Buffer), firstBytes);

function record({ key, value, timestampMs = 0, headers }: { key?: Uint8Array | null; value?: Uint8Array | null; timestampMs?: number; headers?: EncodedHeaders }): RecordParts {
  const bytes = Buffer.concat([Buffer.from("??"), key ?? Buffer.alloc(0), value ?? Buffer.alloc(0)]);
  const keyEnd = 2 + (key?.length ?? 0);
  return { bytes, keyStart: key == null ? -1 : 2, keyEnd, valueStart: value == null ? -1 : keyEnd, valueEnd: bytes.length, timestampMs, headers };
}

/** As another reader than ours has it. */
const read = (bytes: Uint8Array): ReturnType<typeof readRecordsBatch> => readRecordsBatch(Reader.from(Buffer.from(bytes)));
const plain = (part: Uint8Array | null): readonly number[] | null => (part === null ? null : [...part]);

const codecs: Readonly<Record<string, BatchCompression>> = Object.fromEntries((["gzip", "snappy", "lz4", "zstd"] as const).map((name) => {
  const { bitmask, compressSync } = compressionsAlgorithms[name];
  return [name, { codec: bitmask, compress: (bytes: Uint8Array) => compressSync(Buffer.from(bytes)) }];
}));

describe("a record batch", () => {
  const bytes = fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 300 }));
  const records = fc.array(
    fc.record({ key: bytes, value: bytes, timestampMs: fc.integer({ min: 0, max: 4_102_444_800_000 }), headers: fc.array(fc.tuple(fc.uint8Array({ maxLength: 20 }), bytes), { maxLength: 3 }) }),
    { minLength: 1, maxLength: 200 },
  );

  for (const [name, compression] of [["none", undefined], ...Object.entries(codecs)] as const) {
    it(`is read as it was written, by the client's own reader: ${name}`, () => {
      fc.assert(fc.property(records, fc.integer({ min: 61, max: 5000 }), (given, firstBytes) => {
        const batch = writer(firstBytes);
        for (const { headers, ...parts } of given) batch.add(record({ ...parts, ...(headers.length === 0 ? {} : { headers: encodeHeaders(headers) }) }));
        const uncompressed = batch.byteLength;
        const sealed = batch.seal({ ...seal, ...(compression === undefined ? {} : { compression }) });
        expect(sealed.length).toBeLessThanOrEqual(uncompressed);
        const found = read(sealed);
        expect(found).toMatchObject({
          firstOffset: 0n, length: sealed.length - 12, magic: 2, lastOffsetDelta: given.length - 1, producerId: seal.producerId, producerEpoch: 3, firstSequence: 70_000,
          firstTimestamp: BigInt(given[0]?.timestampMs ?? 0), maxTimestamp: BigInt(Math.max(...given.map((one) => one.timestampMs))),
        });
        expect(found.crc).toBe(crc32c(Buffer.from(sealed).subarray(21)) >>> 0);
        expect(found.attributes & 0x10).toBe(0x10);
        expect(found.records.map((one, i) => ({ key: plain(one.key), value: plain(one.value), timestampMs: Number(found.firstTimestamp + one.timestampDelta), offset: one.offsetDelta === i, headers: one.headers.map(([a, b]) => [plain(a), plain(b)]) })))
          .toEqual(given.map((one) => ({ key: plain(one.key), value: plain(one.value), timestampMs: one.timestampMs, offset: true, headers: one.headers.map(([a, b]) => [plain(a), plain(b)]) })));
      }), { numRuns: 60 });
    });
  }

  it("takes a compression only where it makes something smaller", () => {
    const long = writer();
    for (let i = 0; i < 100; i++) long.add(record({ value: Buffer.alloc(200, "a") }));
    expect(read(long.seal({ ...seal, compression: codecs["gzip"]! })).attributes & 7).toBe(1);
    const short = writer();
    short.add(record({ value: Buffer.from("a") }));
    expect(read(short.seal({ ...seal, compression: codecs["gzip"]! })).attributes & 7).toBe(0);
  });

  it("may be sealed twice, by two producers", () => {
    const batch = writer();
    batch.add(record({ key: Buffer.from("k"), value: Buffer.from("v") }));
    batch.seal(seal);
    const again = read(batch.seal({ ...seal, producerId: 5n, producerEpoch: 4, sequence: 1, isTransactional: false }));
    expect(again).toMatchObject({ producerId: 5n, producerEpoch: 4, firstSequence: 1, attributes: 0 });
    expect(again.records[0]?.value?.toString()).toBe("v");
  });

  it("takes records whose times go backwards, and far", () => {
    const batch = writer();
    for (const timestampMs of [1_767_225_600_000, 0, 4_102_444_800_000]) batch.add(record({ value: null, timestampMs }));
    const found = read(batch.seal(seal));
    expect(found.records.map(({ timestampDelta }) => Number(found.firstTimestamp + timestampDelta))).toEqual([1_767_225_600_000, 0, 4_102_444_800_000]);
    expect(found.maxTimestamp).toBe(4_102_444_800_000n);
  });
});
