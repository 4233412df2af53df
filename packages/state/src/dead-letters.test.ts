import { expect, it } from "vitest";
import { deadLetterLog, encodeDeadLetter } from "@streamflow/core";
import type { LogStore } from "@streamflow/core";
import { testEnvironment } from "@streamflow/core/testing";
import { countDeadLetters, deadLetterCounts, listDeadLetters, purgeDeadLetters } from "./dead-letters.ts";
import { openSqliteStores } from "./stores/sqlite-stores.ts";

async function logsWith(count: number): Promise<LogStore> {
  const { environment } = testEnvironment();
  const { logs } = openSqliteStores(":memory:", environment);
  const letters = Array.from({ length: count }, (_, i) => ({ pipeline: "p", node: "parse", partition: "in/0", position: `${i}`, code: "SF_CODEC_DECODE", message: "bad", timeMs: i, raw: Uint8Array.of(i & 255), truncated: false }));
  await logs.append(deadLetterLog("p"), letters.map(encodeDeadLetter));
  await logs.append("inbox/p", [Uint8Array.of(1)]);
  return logs;
}

it("lists dead letters page by page, with their places in the log", async () => {
  const logs = await logsWith(5);
  const first = await listDeadLetters(logs, "p", { limit: 2 });
  expect(first.map(({ letter }) => letter.position)).toEqual(["0", "1"]);
  expect(first[0]).toMatchObject({ cursor: 1, storedMs: 1_767_225_600_000, letter: { node: "parse", code: "SF_CODEC_DECODE", raw: Uint8Array.of(0) } });
  expect((await listDeadLetters(logs, "p", { after: first.at(-1)?.cursor ?? 0 })).map(({ letter }) => letter.position)).toEqual(["2", "3", "4"]);
  expect(await listDeadLetters(logs, "other")).toEqual([]);
});

it("counts them, by pipeline, and nothing but them", async () => {
  const logs = await logsWith(5);
  expect(await countDeadLetters(logs, "p")).toBe(5);
  expect(await deadLetterCounts(logs)).toEqual(new Map([["p", 5]]));
});

it("purges up to a cursor or all, answers how many, and leaves other logs alone", async () => {
  const logs = await logsWith(2500);
  expect(await purgeDeadLetters(logs, "p", 3)).toBe(3);
  expect(await countDeadLetters(logs, "p")).toBe(2497);
  expect(await purgeDeadLetters(logs, "p")).toBe(2497);
  expect(await purgeDeadLetters(logs, "p")).toBe(0);
  expect(await deadLetterCounts(logs)).toEqual(new Map());
  expect(await logs.count("inbox/p")).toBe(1);
});
