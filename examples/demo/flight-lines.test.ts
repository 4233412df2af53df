import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flightLines } from "./flight-lines.ts";
import { flightsOf, type Flight } from "./flights.ts";

const anyFlight: fc.Arbitrary<Flight> = fc.record({
  date: fc.oneof(fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }), fc.integer({ min: -11, max: 11 }), fc.constant(1e9), fc.constant(999_999_999)),
  delay: fc.oneof(fc.integer({ min: -2000, max: 2000 }), fc.integer()),
  distance: fc.nat(),
  origin: fc.string({ maxLength: 6, unit: "binary" }),
  destination: fc.constantFrom("ATL", "ORD", 'a"b\\c'),
});

function linesOf(rows: readonly Flight[], order: readonly number[], chunkBytes?: number): string[] {
  const options = { flights: flightsOf(rows), order: Uint32Array.from(order), ...(chunkBytes === undefined ? {} : { chunkBytes }) };
  const text = Array.from(flightLines(options), (chunk) => Buffer.from(chunk).toString()).join("");
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

describe("flightLines", () => {
  it("writes what JSON.stringify writes, whatever the size of a chunk", () => {
    fc.assert(
      fc.property(fc.array(anyFlight, { maxLength: 20 }), fc.integer({ min: 1, max: 2000 }), (rows, chunkBytes) => {
        const expected = rows.map(({ date, delay, distance, origin, destination }) => JSON.stringify({ date, delay, distance, origin, destination }));
        expect(linesOf(rows, [...rows.keys()], chunkBytes)).toEqual(expected);
      }),
    );
  });

  it("follows the order", () => {
    const rows = [1, 2, 3].map((date): Flight => ({ date, delay: 0, distance: 0, origin: "A", destination: "B" }));
    expect(linesOf(rows, [2, 0, 1]).map((line) => (JSON.parse(line) as Flight).date)).toEqual([3, 1, 2]);
  });
});
