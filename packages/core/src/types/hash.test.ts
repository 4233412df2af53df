import fc from "fast-check";
import { expect, it } from "vitest";
import { hashBytes, hashKey } from "./hash.ts";

it("is MurmurHash3 x86_32: vectors of the reference implementation, seed 0", () => {
  const vectors = { "": 0, a: 0x3c2569b2, abc: 0xb3dd93fa, hello: 0x248bfa47, "hello, world": 0x149bbb7f, "The quick brown fox jumps over the lazy dog": 0x2e4ff723, aaaa: 0x7eeed987 };
  for (const [text, hash] of Object.entries(vectors)) expect(hashKey(text), text).toBe(hash);
  expect(hashBytes(new Uint8Array([0xff, 0xff, 0xff, 0xff]))).toBe(0x76293b50);
  expect(hashBytes(new Uint8Array([0x21, 0x43, 0x65, 0x87]))).toBe(0xf55b516b);
  expect(hashBytes(new Uint8Array([0x21, 0x43, 0x65]))).toBe(0x7e4a8634);
  expect(hashBytes(new Uint8Array([0x21, 0x43]))).toBe(0xa0f7b07a);
  expect(hashBytes(new Uint8Array([0x21]))).toBe(0x72661cf4);
});

it("hashes text as its UTF-8, on the fast path for ASCII and off it", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void expect(hashKey(text.replace(/^\0+/, ""))).toBe(hashBytes(new TextEncoder().encode(text.replace(/^\0+/, ""))))));
});

it("hashes numbers as their 8 bytes", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (number) => {
      const view = new DataView(new ArrayBuffer(8));
      view.setFloat64(0, number + 0, true);
      expect(hashKey(number)).toBe(hashBytes(new Uint8Array(view.buffer)));
    }),
  );
});
