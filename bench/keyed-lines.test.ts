import { expect, it } from "vitest";
import { dayMs, keyedLines, keyedStartMs, tailStepMs } from "./keyed-lines.ts";

it("every key once, then keys that are known, all within a day; the tail lets time pass", () => {
  const lines = Buffer.concat([...keyedLines({ keys: 1_000, records: 5_000, tail: 10 })]).toString().trimEnd().split("\n").map((line) => JSON.parse(line) as { key: number; dateTime: number });
  expect(lines).toHaveLength(5_010);
  expect(new Set(lines.slice(0, 1_000).map(({ key }) => key)).size).toBe(1_000);
  const timeOf = new Map(lines.slice(0, 1_000).map(({ key, dateTime }) => [key, dateTime]));
  for (const { key, dateTime } of lines.slice(0, 5_000)) expect(dateTime).toBe(timeOf.get(key));
  const times = [...timeOf.values()];
  expect(Math.min(...times)).toBe(keyedStartMs);
  expect(Math.max(...times)).toBeLessThan(keyedStartMs + dayMs);
  expect(lines.slice(5_000).map(({ dateTime }) => dateTime)).toEqual(Array.from({ length: 10 }, (_, i) => keyedStartMs + dayMs + i * tailStepMs));
});
