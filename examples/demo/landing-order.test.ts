import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flightsOf, type Flight } from "./flights.ts";
import { landingOrder, measureDisorder } from "./landing-order.ts";

const minuteMs = 60_000;
const flight = (minute: number, delay: number): Flight => ({ date: minute * minuteMs, delay, distance: 1, origin: "AAA", destination: "BBB" });

describe("landingOrder", () => {
  it("is that of a stable sort by landing time, before 1970 too", () => {
    const flights = fc.array(fc.record({ minute: fc.integer({ min: -50, max: 50 }), delay: fc.integer({ min: -30, max: 30 }) }));
    fc.assert(
      fc.property(flights, (list) => {
        const landing = list.map(({ minute, delay }) => minute + delay);
        const expected = landing.map((_, row) => row).sort((a, b) => (landing[a] ?? 0) - (landing[b] ?? 0));
        expect([...landingOrder(flightsOf(list.map(({ minute, delay }) => flight(minute, delay))))]).toEqual(expected);
      }),
    );
  });

  it("refuses a date that is not a whole minute", () => {
    expect(() => landingOrder(flightsOf([{ ...flight(1, 0), date: 1 }]))).toThrow("flight 0 does not start at a whole minute: 1");
  });
});

describe("measureDisorder", () => {
  it("counts what is more than one hour, and more than four, behind the newest date before it", () => {
    // Dates in order of landing; the bounds themselves do not count.
    const minutes = [300, 240, 239, 60, 59, 301];
    const flights = flightsOf(minutes.map((minute) => flight(minute, 0)));
    expect(measureDisorder(flights, Uint32Array.from(minutes.keys()))).toEqual({ overOneHour: 3, overFourHours: 1 });
  });
});
