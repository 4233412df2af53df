import fc from "fast-check";
import { expect, it } from "vitest";
import { textColumn } from "../testing/text-column.ts";
import { generatedFunction, mayGenerateCode } from "./code-generation.ts";
import { textEquals } from "./text-equality.ts";

/** Whether each text is the literal, as the condition says. */
function found(texts: readonly unknown[], literal: string): readonly boolean[] | undefined {
  const { bytes, starts, ends } = textColumn("t", texts).texts!;
  const condition = textEquals({ bytes: "bytes", start: "starts[i]", end: "ends[i]" }, literal, "texts[i] === literal");
  if (condition === undefined) return undefined;
  const isEqual = generatedFunction(["bytes", "starts", "ends", "texts", "literal", "i"], `return ${condition};`) as (...given: unknown[]) => boolean;
  return texts.map((_, i) => isEqual(bytes, starts, ends, texts, literal, i));
}

const text = fc.oneof(fc.string({ unit: fc.constantFrom("a", "b", "\0", "é", "€", "😀", "\u{ff}"), maxLength: 12 }), fc.constantFrom<string>("", "bid", "bids", "bi", "person", "auction", "a".repeat(32), '"', "\ufeff", "\ud800"));

it.skipIf(!mayGenerateCode())("is what === says, for texts that are bytes and values that are none, of any length (property)", () => {
  fc.assert(fc.property(fc.array(fc.oneof(text, fc.constantFrom<unknown>(null, 7)), { maxLength: 20 }), text, (texts, literal) => {
    const answers = found([...texts, literal, `${literal}b`, literal.slice(0, -1)], literal);
    if (answers === undefined) expect(Buffer.byteLength(literal) > 32 || !literal.isWellFormed()).toBe(true);
    else expect(answers).toEqual([...texts, literal, `${literal}b`, literal.slice(0, -1)].map((one) => one === literal));
  }), { numRuns: 500 });
});

it("leaves long literals, and those that no UTF-8 says, to ===", () => {
  const place = { bytes: "b", start: "s", end: "e" };
  expect(textEquals(place, "a".repeat(33), "x")).toBeUndefined();
  expect(textEquals(place, "\ud800", "x")).toBeUndefined();
  expect(textEquals(place, "a".repeat(32), "x")).toContain(":x)");
});
