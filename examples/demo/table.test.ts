import { describe, expect, it } from "vitest";
import { drawBars, drawTable, sparkline } from "./table.ts";

const plain = { width: 40, color: false, live: false };

describe("drawTable", () => {
  const columns = [{ title: "#", align: "right" as const }, { title: "airport" }, { title: "delay", align: "right" as const }];
  const rows = [["1", "Philadelphia", "64.6"], ["10", "Newark", "5.0"]];

  it("aligns columns", () => {
    expect(drawTable(columns, rows, plain).split("\n")).toEqual([
      " #  airport       delay",
      "──  ────────────  ─────",
      " 1  Philadelphia   64.6",
      "10  Newark          5.0",
    ]);
  });

  it("takes room from the widest column", () => {
    const lines = drawTable(columns, rows, { ...plain, width: 20 }).split("\n");
    expect(lines[2]).toBe(" 1  Philadel…   64.6");
    expect(lines.every((line) => line.length <= 20)).toBe(true);
  });
});

describe("drawBars", () => {
  it("scales to the greatest value, in eighths of a character", () => {
    const bars = [{ label: "a", value: 100, note: "x" }, { label: "bb", value: 51, note: "" }, { label: "c", value: -3, note: "y" }];
    expect(drawBars(bars, { ...plain, width: 16 }).split("\n")).toEqual([" a ██████████ x", "bb █████▏ ", " c  y"]);
  });

  it("has no bars where nothing is above zero", () => {
    expect(drawBars([{ label: "a", value: 0, note: "0" }], plain)).toBe("a  0");
  });
});

describe("sparkline", () => {
  it("spans the least to the greatest", () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 80)).toBe("▁▂▃▄▅▆▇█");
    expect(sparkline([5, 5], 80)).toBe("▁▁");
    expect(sparkline([], 80)).toBe("");
  });

  it("takes means where there are more values than room", () => {
    expect(sparkline([0, 2, 6, 8, 1], 2)).toBe("▁█");
  });
});
