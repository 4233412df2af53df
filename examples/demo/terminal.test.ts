import { expect, it } from "vitest";
import { fit, grouped, terminalOf, tint } from "./terminal.ts";

it("draws over and colours on a terminal only", () => {
  expect(terminalOf({ isTTY: true, columns: 120 }, {})).toEqual({ live: true, color: true, width: 120 });
  expect(terminalOf({}, {})).toEqual({ live: false, color: false, width: 80 });
  expect(terminalOf({ isTTY: true, columns: 0 }, { TERM: "dumb" })).toEqual({ live: false, color: false, width: 80 });
});

it("heeds NO_COLOR, unless it is empty", () => {
  expect(terminalOf({ isTTY: true, columns: 80 }, { NO_COLOR: "1" })).toEqual({ live: true, color: false, width: 80 });
  expect(terminalOf({ isTTY: true, columns: 80 }, { NO_COLOR: "" }).color).toBe(true);
});

it("tints where colours are welcome", () => {
  expect(tint("a", "red", { color: true })).toBe("\u001b[31ma\u001b[0m");
  expect(tint("a", "red", { color: false })).toBe("a");
});

it("cuts to a width", () => {
  expect([fit("abc", 3), fit("abcd", 3), fit("abcd", 1), fit("abcd", 0)]).toEqual(["abc", "ab…", "…", ""]);
});

it("sets thousands off", () => {
  expect(grouped(3_000_000)).toBe("3,000,000");
});
