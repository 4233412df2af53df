import { describe, expect, it } from "vitest";
import { bytes, compact, fit, grouped, paintFor, spoken, table } from "./terminal.ts";

const stream = (isTTY: boolean) => ({ isTTY, write: () => true });

describe("paintFor", () => {
  it("paints on a terminal alone, where colours are welcome", () => {
    expect(paintFor(stream(true), { color: true, variables: {} })("x", "red")).toBe("\u001b[31mx\u001b[0m");
    expect(paintFor(stream(false), { color: true, variables: {} })("x", "red")).toBe("x");
    expect(paintFor(stream(true), { color: false, variables: {} })("x", "red")).toBe("x");
    expect(paintFor(stream(true), { color: true, variables: { NO_COLOR: "1" } })("x", "red")).toBe("x");
    expect(paintFor(stream(true), { color: true, variables: { TERM: "dumb" } })("x", "red")).toBe("x");
  });
});

describe("numbers for people", () => {
  it.each([[0, "0"], [999, "999"], [1_000, "1.00 k"], [12_345, "12.3 k"], [4_560_000, "4.56 M"], [999_999, "1000 k"], [2e9, "2.00 G"]])("compact %d", (value, text) => expect(compact(value)).toBe(text));
  it.each([[0, "0 B"], [1_023, "1023 B"], [1_024, "1.00 KiB"], [12_600, "12.3 KiB"], [1_023 * 1_024, "1023 KiB"], [3 * 2 ** 30, "3.00 GiB"], [2 ** 50, "1024 TiB"]])("bytes %d", (value, text) => expect(bytes(value)).toBe(text));
  it.each([[-5, "0ms"], [350, "350ms"], [4_260, "4.2s"], [59_999, "59.9s"], [60_000, "1m"], [185_000, "3m 5s"], [7_260_000, "2h 1m"], [86_400_000 * 12 + 4 * 3_600_000, "12d 4h"]])("spoken %d", (value, text) => expect(spoken(value)).toBe(text));
  it("grouped", () => expect(grouped(1234567.4)).toBe("1,234,567"));
});

describe("fit", () => {
  it("cuts with an ellipsis", () => expect(["abc", "abcd", "a", ""].map((text) => fit(text, 3))).toEqual(["abc", "ab…", "a", ""]));
  it("has nothing in no room", () => expect(fit("abc", 0)).toBe(""));
});

it("table sets columns side by side, numbers to the right", () => {
  expect(table([["NAME", "SIZE", ""], ["a", "1.00 KiB", "x"], ["long", "7 B", ""]])).toBe("NAME      SIZE\na     1.00 KiB  x\nlong       7 B");
});
