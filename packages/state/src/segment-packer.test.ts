import fc from "fast-check";
import { expect, it } from "vitest";
import { packStates } from "./segment-packer.ts";

const anyStates = fc.array(fc.uint8Array({ maxLength: 12 }).map((bytes) => ({ node: "n", state: "s", serializer: "x", version: 1, bytes })));

it("puts every state somewhere, once, in order, unchanged, and fills no segment above the bound with more than one", () => {
  fc.assert(
    fc.property(anyStates, fc.integer({ min: 1, max: 20 }), (states, maxBytes) => {
      const segments = [...packStates(states, maxBytes)];
      expect(segments.flatMap(({ parts }) => parts.map(({ state }) => state))).toEqual(states);
      for (const { bytes, parts } of segments) {
        for (const { state, start, end } of parts) expect(bytes.subarray(start, end)).toEqual(state.bytes);
        expect(parts.at(-1)?.end).toBe(bytes.byteLength);
        if (parts.length > 1) expect(bytes.byteLength).toBeLessThanOrEqual(maxBytes);
      }
      // No two neighbours would have fitted into one.
      for (const [i, { bytes }] of segments.entries()) {
        const next = segments[i + 1]?.parts[0]?.state.bytes.byteLength;
        if (next !== undefined) expect(bytes.byteLength + next).toBeGreaterThan(maxBytes);
      }
    }),
  );
});
