import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flightsOf, type Flight } from "./flights.ts";
import { demoRules, digest, flightText, quantile, recount, type Recount, type Rules } from "./recount.ts";
import { hourlyKey, type HourlyRow, type WorstRow } from "./result-rows.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const states = new Map([["AAA", "GA"], ["BBB", "NY"]]);
const flight = (date: number, delay: number, destination = "AAA"): Flight => ({ date, delay, distance: 7, origin: "ZZZ", destination });
const count = (rows: readonly Flight[], rules?: Rules): Recount => recount(flightsOf(rows), states, rules);

describe("recount", () => {
  it("a flight is late when its window's end − 1 + 3 h is at the watermark, and not a millisecond sooner", () => {
    const late = flight(30 * minuteMs, 600);
    // W = newest − 1 h − 1 ms must reach 1 h − 1 ms + 3 h.
    expect(count([flight(5 * hourMs, 0), late]).late).toEqual([late]);
    expect(count([flight(5 * hourMs - 1, 0), late]).late).toEqual([]);
  });

  it("a flight is judged by those before it, not by itself", () => {
    expect(count([flight(0, 0), flight(50 * hourMs, -10)]).late).toEqual([]);
  });

  it("a day closes by its own allowed lateness", () => {
    const late = flight(dayMs - 1, 600);
    const rows = [flight(dayMs + hourMs, 0), late];
    expect(count(rows, { ...demoRules, dayAllowedLatenessMs: 0 }).lateForDay).toEqual([late]);
    expect(count(rows, { ...demoRules, dayAllowedLatenessMs: 1 }).lateForDay).toEqual([]);
  });

  it("windows hold count, mean and p95 of the delay, and the state of the destination", () => {
    const rows = [flight(0, 10), flight(hourMs - 1, 20), flight(0, 60), flight(hourMs, 5), flight(0, 1, "CCC")];
    const { hourly } = count(rows);
    expect(hourly.size).toBe(3);
    expect(hourly.get("AAA 0")).toEqual({ destination: "AAA", state: "GA", windowStart: 0, windowEnd: hourMs, flights: 3, meanDelay: 30, p95Delay: 56 });
    expect(hourly.get("CCC 0")?.state).toBeNull();
  });

  it("ranks the worst airports of a day, the later code first where means are equal, few flights left out", () => {
    const rows = [flight(0, 5, "BBB"), flight(1, 7, "BBB"), flight(2, 6, "AAA"), flight(3, 6, "AAA"), flight(4, 99, "CCC")];
    const { worst } = count(rows, { ...demoRules, minDayFlights: 2 });
    expect([...worst.values()]).toEqual([
      { day: 0, rank: 1, destination: "BBB", state: "NY", flights: 2, meanDelay: 6 },
      { day: 0, rank: 2, destination: "AAA", state: "GA", flights: 2, meanDelay: 6 },
    ]);
  });

  it("agrees with a second count, made flight by flight from the definitions", () => {
    const anyFlight = fc.record({
      date: fc.oneof(fc.integer({ min: -3 * hourMs, max: 40 * hourMs }), fc.integer({ min: -2, max: 40 }).map((hour) => hour * hourMs)),
      delay: fc.oneof(fc.integer({ min: -60, max: 120 }), fc.integer({ min: -1100, max: 1600 })),
      distance: fc.integer({ min: 1, max: 2 }),
      origin: fc.constantFrom("XXX", "YYY"),
      destination: fc.constantFrom("AAA", "BBB", "CCC"),
    });
    const anyRules = fc.record({
      outOfOrdernessMs: fc.constantFrom(0, hourMs),
      allowedLatenessMs: fc.constantFrom(0, 3 * hourMs),
      dayAllowedLatenessMs: fc.constantFrom(0, 3 * hourMs),
      minDayFlights: fc.constantFrom(1, 3),
      ranks: fc.constantFrom(2, 10),
    });
    let sawLate = 0;
    fc.assert(
      fc.property(fc.array(anyFlight, { maxLength: 60 }), anyRules, (rows, rules) => {
        const result = count(rows, rules);
        const second = secondCount(rows, rules);
        sawLate += second.late.length;
        expect(result.late).toEqual(second.late);
        expect(result.lateForDay).toEqual(second.lateForDay);
        expect(sorted(result.hourly.values())).toEqual(sorted(second.hourly));
        expect(sorted(result.worst.values())).toEqual(sorted(second.worst));
        const counted = [...result.hourly.values()].reduce((sum, row) => sum + row.flights, 0);
        expect(counted + result.late.length).toBe(rows.length);
      }),
    );
    expect(sawLate).toBeGreaterThan(0);
  });
});

describe("quantile", () => {
  it.each([
    [[7], 0.95, 7],
    [[1, 2], 0.5, 1.5],
    [[0, 10], 0.95, 9.5],
    [[1, 2, 3, 4], 0.25, 1.75],
    [[1, 2, 3], 1, 3],
  ])("of %j at %d is %d", (values, fraction, expected) => {
    expect(quantile(values, fraction)).toBeCloseTo(expected, 12);
  });
});

describe("digest", () => {
  const rows = [flight(0, 1), flight(0, 2, "BBB"), flight(9 * hourMs, -500), flight(0, 700), flight(0, 700), flight(26 * hourMs, 0), flight(0, 1700), flight(0, 1700)];
  const result = count(rows, { ...demoRules, minDayFlights: 1 });

  it("does not depend on the order of rows", () => {
    const reversed = { hourly: reverse(result.hourly), worst: reverse(result.worst), late: [...result.late].reverse(), lateForDay: [...result.lateForDay].reverse() };
    expect(digest(reversed)).toBe(digest(result));
  });

  it("tells every table, and identical late flights, apart", () => {
    const [first] = result.hourly.values();
    if (first === undefined) throw new Error("no rows");
    const changed = new Map(result.hourly).set(hourlyKey(first), { ...first, p95Delay: first.p95Delay + 1 });
    const others = [
      { ...result, hourly: changed },
      { ...result, worst: new Map([...result.worst].slice(1)) },
      { ...result, late: result.late.slice(1) },
      { ...result, lateForDay: result.lateForDay.slice(1) },
    ];
    expect([result.late.length, result.lateForDay.length]).toEqual([4, 2]);
    expect(new Set([result, ...others].map(digest)).size).toBe(5);
  });
});

interface SecondCount {
  readonly hourly: HourlyRow[];
  readonly worst: WorstRow[];
  readonly late: Flight[];
  readonly lateForDay: Flight[];
}

/** Every question is answered by looking at all flights again. */
function secondCount(rows: readonly Flight[], rules: Rules): SecondCount {
  const landed = rows.toSorted((a, b) => a.date + a.delay * minuteMs - (b.date + b.delay * minuteMs));
  const watermarkAt = landed.map((_, i) => Math.max(-Infinity, ...landed.slice(0, i).map(({ date }) => date)) - rules.outOfOrdernessMs - 1);
  const startOf = (date: number, size: number): number => date - (((date % size) + size) % size);
  const accepted = (size: number, latenessMs: number): Flight[] =>
    landed.filter(({ date }, i) => startOf(date, size) + size - 1 + latenessMs > (watermarkAt[i] ?? 0));
  const groups = (flights: readonly Flight[], size: number): Flight[][] => {
    const names = new Set(flights.map(({ date, destination }) => `${destination} ${startOf(date, size)}`));
    return [...names].map((name) => flights.filter(({ date, destination }) => `${destination} ${startOf(date, size)}` === name));
  };
  const mean = (flights: readonly Flight[]): number => flights.map(({ delay }) => delay).reduce((a, b) => a + b, 0) / flights.length;

  const inHours = accepted(hourMs, rules.allowedLatenessMs);
  const inDays = accepted(dayMs, rules.dayAllowedLatenessMs);
  const dayRows = groups(inDays, dayMs)
    .filter((group) => group.length >= rules.minDayFlights)
    .map((group) => {
      const { date, destination } = group[0] as Flight;
      return { day: startOf(date, dayMs), destination, state: states.get(destination) ?? null, flights: group.length, meanDelay: mean(group) };
    });
  const isWorse = (a: (typeof dayRows)[0], b: (typeof dayRows)[0]): boolean =>
    a.day === b.day && (a.meanDelay > b.meanDelay || (a.meanDelay === b.meanDelay && a.destination > b.destination));
  return {
    hourly: groups(inHours, hourMs).map((group) => {
      const { date, destination } = group[0] as Flight;
      const start = startOf(date, hourMs);
      return {
        destination,
        state: states.get(destination) ?? null,
        windowStart: start,
        windowEnd: start + hourMs,
        flights: group.length,
        meanDelay: mean(group),
        p95Delay: percentile95(group.map(({ delay }) => delay)),
      };
    }),
    worst: dayRows.map((row) => ({ ...row, rank: 1 + dayRows.filter((other) => isWorse(other, row)).length })).filter(({ rank }) => rank <= rules.ranks),
    late: landed.filter((one) => !inHours.includes(one)),
    lateForDay: landed.filter((one) => !inDays.includes(one)),
  };
}

/** In whole twentieths, so that only the last division rounds. */
function percentile95(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const twentieths = (ascending.length - 1) * 19;
  const low = ascending[Math.floor(twentieths / 20)] ?? 0;
  const high = ascending[Math.ceil(twentieths / 20)] ?? 0;
  return (low * 20 + (high - low) * (twentieths % 20)) / 20;
}

/** Rows in one order, numbers to nine digits. */
function sorted(rows: Iterable<HourlyRow | WorstRow>): unknown[] {
  const rounded = Array.from(rows, (row) => Object.entries(row).map(([name, value]: [string, unknown]) => `${name}=${typeof value === "number" ? value.toFixed(9) : String(value)}`));
  return rounded.map((fields) => fields.sort().join()).sort();
}

function reverse<Value>(map: ReadonlyMap<string, Value>): Map<string, Value> {
  return new Map([...map].reverse());
}

it("a late flight's text holds all its fields", () => {
  const one = flight(1, 2);
  const others = [{ ...one, date: 2 }, { ...one, delay: 3 }, { ...one, distance: 8 }, { ...one, origin: "AAA" }, { ...one, destination: "BBB" }];
  expect(new Set([one, ...others].map(flightText)).size).toBe(6);
});
