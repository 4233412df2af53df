import { expect, it } from "vitest";
import type { StateSegment } from "../contracts/checkpoint-store.ts";
import { type PlacedPart, StoredParts } from "./stored-parts.ts";

/** A part of a segment of so many bytes. */
function placed(name: string, byteLength: number, [start, end]: readonly [number, number]): PlacedPart & { readonly content: object } {
  const at: StateSegment = { node: "n", state: "s", serializer: "x", version: 1, segment: { name, byteLength, checksum: "00000000" }, start, end };
  return { content: {}, at };
}

it("S1: what the newest checkpoint names is known, and nothing that only older ones name", () => {
  const stored = new StoredParts();
  const [a, b] = [placed("1", 10, [0, 5]), placed("1", 10, [5, 10])];
  expect(stored.has(a.content)).toBe(false);
  stored.published([a, b]);
  expect([stored.has(a.content), stored.at(b.content)]).toEqual([true, b.at]);
  stored.published([b]);
  expect([stored.has(a.content), stored.has(b.content)]).toEqual([false, true]);
  expect(() => stored.at(a.content)).toThrow(expect.objectContaining({ code: "SF_INTERNAL" }));
});

it("S2: a segment of which less than half is in use is not known any more", () => {
  const stored = new StoredParts();
  const parts = [placed("half", 10, [0, 5]), placed("less", 10, [0, 4]), placed("other", 10, [0, 4])];
  stored.published(parts);
  expect(parts.map(({ content }) => stored.has(content))).toEqual([true, false, false]);
  // What is written each time counts for nothing, wherever it stands.
  stored.published([parts[0]!, { ...placed("other", 10, [4, 10]), content: undefined }, parts[2]!]);
  expect(parts.map(({ content }) => stored.has(content))).toEqual([true, false, false]);
});

it("S2: of very many segments those that hold least are not known any more", () => {
  const stored = new StoredParts();
  const parts = Array.from({ length: 20 }, (_, i) => placed(`${i}`, 100 + i, [0, 100 + i]));
  stored.published(parts);
  expect(parts.map(({ content }) => stored.has(content))).toEqual([...Array.from({ length: 4 }, () => false), ...Array.from({ length: 16 }, () => true)]);
});
