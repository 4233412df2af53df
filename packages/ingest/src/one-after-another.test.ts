import type { Batch } from "@streamflow/core";
import { expect, it } from "vitest";
import { oneAfterAnother } from "./one-after-another.ts";
import type { BatchIterator } from "./partition-readers.ts";

function batch(name: string): Batch {
  return { partition: name } as Batch;
}

/** Answers its batches, at once where it may; notes when it is closed. */
function iterator(names: readonly string[], { atOnce, closed = [] }: { readonly atOnce: boolean; readonly closed?: string[] }): BatchIterator {
  const rest = names.map(batch);
  return {
    next: async () => (rest.length === 0 ? { done: true, value: undefined } : { done: false, value: rest.shift()! }),
    return: async () => {
      closed.push(names.join());
      return { done: true, value: undefined };
    },
    ...(atOnce ? { takeNow: () => rest.shift() } : {}),
  };
}

it("gives all of one, then all of the next, at once only where the present one can", async () => {
  const parts = [iterator(["a", "b", "c"], { atOnce: true }), iterator([], { atOnce: true }), iterator(["d", "e"], { atOnce: false }), iterator(["f"], { atOnce: true })];
  const all = oneAfterAnother(parts.length, (i) => ({ [Symbol.asyncIterator]: () => parts[i]! }))[Symbol.asyncIterator]();
  expect(all.takeNow).toBeUndefined();
  const seen: unknown[] = [];
  for (let result = await all.next(); result.done !== true; result = await all.next()) {
    seen.push([(result.value as Batch).partition, all.takeNow !== undefined]);
    for (let now = all.takeNow?.(); now !== undefined; now = all.takeNow?.()) seen.push(`now ${now.partition}`);
  }
  expect(seen).toEqual([["a", true], "now b", "now c", ["d", false], ["e", false], ["f", true]]);
  expect(all.takeNow).toBeUndefined();
});

it("closes the present one, and begins no other", async () => {
  const closed: string[] = [];
  let begun = 0;
  const all = oneAfterAnother(3, (i) => ({ [Symbol.asyncIterator]: () => ((begun = i), iterator([`${i}`, "more"], { atOnce: true, closed })) }))[Symbol.asyncIterator]();
  await all.next();
  await all.return?.();
  expect([closed, begun, all.takeNow, await all.next()]).toEqual([["0,more"], 0, undefined, { done: true, value: undefined }]);
});
