import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CopyBuffer, copyHeader, writeNumeric } from "./postgres-binary.ts";

const hex = (write: (out: CopyBuffer) => void): string => {
  const out = new CopyBuffer(1);
  write(out);
  return Buffer.from(out.written).toString("hex");
};

describe("a buffer of rows", () => {
  it("writes numbers with their highest byte first, and grows", () => {
    expect(hex((out) => (out.int16(-2), out.int32(258), out.int64(-1n), out.float64(1), out.float32(-0), out.byte(7)))).toBe("fffe00000102ffffffffffffffff3ff00000000000008000000007");
  });

  it("writes texts and sized values with their length in front; what is behind a place can be forgotten", () => {
    const out = new CopyBuffer(8);
    out.sizedText("aü💧");
    const kept = out.length;
    out.sizedText("x".repeat(100));
    out.length = kept;
    const start = out.beginSized();
    out.bytes(Uint8Array.of(1, 2));
    out.endSized(start);
    expect(Buffer.from(out.written).toString("hex")).toBe("0000000761c3bcf09f92a7000000020102");
  });

  it("writes a number that a float64 holds exactly as it writes the bigint (property)", () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => hex((out) => out.sizedSafeInt64(value)) === hex((out) => (out.int32(8), out.int64(BigInt(value))))));
  });

  it("writes texts of any length, and bytes of any length that are texts already, as Buffer does (property)", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 100 }), fc.nat(9), (text, gap) => {
      const utf8 = Buffer.from(text);
      const around = new DataView(new Uint8Array([...Array.from({ length: gap }, () => 7), ...utf8, ...Array.from({ length: 8 }, () => 9)]).buffer);
      const expected = `${utf8.length.toString(16).padStart(8, "0")}${utf8.toString("hex")}`;
      expect(hex((out) => (out.sizedText(text), out.byte(0xee)))).toBe(`${expected}ee`);
      expect(hex((out) => (out.sizedBytes(around, gap, gap + utf8.length), out.byte(0xee)))).toBe(`${expected}ee`);
    }));
  });

  it("begins with the signature of a binary COPY", () => {
    expect(Buffer.from(copyHeader).toString("hex")).toBe("5047434f50590aff0d0a000000000000000000");
  });
});

describe("numeric", () => {
  // Length, groups, weight of the first one, sign, digits behind the point, groups.
  it.each([
    ["0", "00000008" + "0000" + "0000" + "0000" + "0000"],
    ["0.00", "00000008" + "0000" + "0000" + "0000" + "0002"],
    ["1", "0000000a" + "0001" + "0000" + "0000" + "0000" + "0001"],
    ["-12345.67", "0000000e" + "0003" + "0001" + "4000" + "0002" + "0001" + "0929" + "1a2c"],
    ["10000", "0000000a" + "0001" + "0001" + "0000" + "0000" + "0001"],
    ["0.00012", "0000000c" + "0002" + "ffff" + "0000" + "0005" + "0001" + "07d0"],
    ["0.00000001", "0000000a" + "0001" + "fffe" + "0000" + "0008" + "0001"],
  ])("%s", (text, expected) => {
    expect(hex((out) => writeNumeric(text, out))).toBe(expected);
  });
});
