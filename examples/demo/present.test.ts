import { describe, expect, it } from "vitest";
import { flightsOf, type Flight } from "./flights.ts";
import { present } from "./present.ts";
import { recount } from "./recount.ts";
import { sampleResults } from "./sample-results.ts";

const hourMs = 3_600_000;
const flight = (hour: number, delay: number, destination: string): Flight => ({ date: hour * hourMs, delay, distance: 7, origin: "ZZZ", destination });
const times = (count: number, one: Flight): Flight[] => Array.from({ length: count }, () => one);
const airports = [{ iata: "AAA", name: "Alpha", city: "Athens", state: "GA" }];
const terminal = { width: 80, color: false, live: false };

function shown(rows: readonly Flight[]): string {
  const results = sampleResults(recount(flightsOf(rows), new Map([["AAA", "GA"]])));
  return present({ results, airports, terminal });
}

describe("present", () => {
  // The third day is worse still, but has too few flights to be ranked.
  const text = shown([...times(10, flight(1, 20, "AAA")), ...times(12, flight(2, 50, "BBB")), ...times(10, flight(30, 5, "AAA")), flight(50, 500, "AAA")]);

  it("shows the worst airports of the worst day that has a ranking", () => {
    expect(text).toContain("The ten worst airports of 1970-01-01, the worst day (36.4 min late on average)");
    expect(text).toMatch(/^1 {2}BBB +12 +50\.0$/m);
    expect(text).toMatch(/^2 {2}AAA +Alpha +Athens +GA +10 +20\.0$/m);
    expect(text).not.toMatch(/^3 {2}/m);
  });

  it("charts days and hours", () => {
    expect(text).toContain("5.0 ▁▁█ 500.0");
    expect(text).toMatch(/^02:00 █+ +84\.6 {2}13 flights$/m);
    expect(text).toMatch(/^06:00 .* {2}5\.0 {2}10 flights$/m);
  });

  it("fits the terminal, and has no escapes where colours are not welcome", () => {
    expect(text.split("\n").every((line) => line.length <= 80)).toBe(true);
    expect(text).not.toContain("\u001b");
  });

  it("says so when there is nothing to show", () => {
    expect(shown([flight(1, 1, "AAA")])).toBe("No day with enough flights.");
  });
});
