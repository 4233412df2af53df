import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeDeadLetter, deadLetterLog, encodeDeadLetter, pipelineOfDeadLetterLog, type DeadLetter } from "./dead-letter.ts";

const letter: DeadLetter = {
  pipeline: "orders",
  node: "parse",
  partition: "in/0",
  position: "42",
  code: "SF_CODEC_DECODE",
  message: "unexpected }",
  path: "items[2]",
  timeMs: 1_700_000_000_000,
  raw: new Uint8Array([0, 255, 10]),
  truncated: false,
  key: "k",
};

it("comes back as it was", () => {
  expect(decodeDeadLetter(encodeDeadLetter(letter))).toEqual(letter);
});

it("comes back for any text and bytes, and shares no memory with its source", () => {
  const anyText = fc.string({ unit: "binary", maxLength: 20 });
  fc.assert(
    fc.property(anyText, anyText, fc.uint8Array(), fc.boolean(), (text, position, raw, truncated) => {
      const given: DeadLetter = { ...letter, message: text, position, raw, truncated };
      const bytes = encodeDeadLetter(given);
      const framed = new Uint8Array(bytes.byteLength + 3);
      framed.set(bytes, 3);
      const read = decodeDeadLetter(framed.subarray(3));
      framed.fill(0);
      expect(read).toEqual(given);
    }),
  );
});

it("keeps what is unknown unknown", () => {
  const read = decodeDeadLetter(encodeDeadLetter({ ...letter, partition: undefined, position: undefined, path: undefined, key: undefined }));
  expect([read.partition, read.position, read.path, read.key]).toEqual([undefined, undefined, undefined, undefined]);
});

it("refuses what is no dead letter, or one of an unknown format", () => {
  const bytes = encodeDeadLetter(letter);
  const damage = (change: (copy: Uint8Array) => Uint8Array): (() => DeadLetter) => () => decodeDeadLetter(change(bytes.slice()));
  expect(damage((copy) => copy.subarray(0, 4))).toThrow(expect.objectContaining({ code: "SF_STATE_CORRUPT" }));
  expect(damage((copy) => copy.fill(255, 1, 5))).toThrow(expect.objectContaining({ code: "SF_STATE_CORRUPT" }));
  expect(damage((copy) => copy.fill(0, 5, 6))).toThrow(expect.objectContaining({ code: "SF_STATE_CORRUPT" }));
  expect(damage((copy) => copy.fill(9, 0, 1))).toThrow(expect.objectContaining({ code: "SF_STATE_INCOMPATIBLE" }));
});

it("names a log per pipeline, and reads the name back", () => {
  expect(pipelineOfDeadLetterLog(deadLetterLog("a/b"))).toBe("a/b");
  expect(pipelineOfDeadLetterLog("inbox/a")).toBeUndefined();
});
