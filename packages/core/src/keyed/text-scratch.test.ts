import fc from "fast-check";
import { expect, it } from "vitest";
import { TextScratch } from "./text-scratch.ts";

it("writes the UTF-8 of texts of any length, and none for half a surrogate pair", () => {
  const scratch = new TextScratch();
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "a\ud800", "\udc00", "😀", "é".repeat(300), "x".repeat(1_000)));
  fc.assert(
    fc.property(text, (one) => {
      const end = scratch.write(one);
      expect(end >= 0 ? Buffer.from(scratch.bytes.buffer, 0, end).toString() : undefined).toBe(one.isWellFormed() ? one : undefined);
      // Four bytes can be loaded at its last one.
      expect(() => scratch.bytes.getInt32(Math.max(0, end), true)).not.toThrow();
    }),
  );
});
