import { expect, it } from "vitest";
import fc from "fast-check";
import { checksumOf, crc32c } from "./crc32c.ts";

it("gives the values of RFC 3720", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
});

it("equals the bitwise definition on any bytes, in one piece or in two", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000, size: "max" }), fc.nat(20_000), (bytes, cut) => {
      const expected = bitwise(bytes);
      expect(crc32c(bytes)).toBe(expected);
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(expected);
    }),
  );
});

it("is written as eight digits", () => {
  expect(checksumOf(new Uint8Array(0))).toBe("00000000");
  expect(checksumOf(new TextEncoder().encode("123456789"))).toBe("e3069283");
});

function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
