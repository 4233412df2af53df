import { programBeside, type Schema } from "@streamflow/core";
import { InProcessThreads } from "@streamflow/core/testing";
import { nextTurn } from "@streamflow/core/node";
import { expect, it } from "vitest";
import { ndjson } from "../codecs/ndjson/ndjson.ts";
import { TestFiles } from "../testing/test-files.ts";
import type { ReaderSetup } from "./range-messages.ts";
import { RangeThreads, type RangeWork } from "./range-threads.ts";

const schema: Schema = { type: "struct", fields: [{ name: "id", type: { type: "int32" } }] };
const slots = 8;

async function open(count: number, onMessage?: (message: unknown) => void): Promise<{ readonly threads: RangeThreads; readonly setup: ReaderSetup; readonly inner: InProcessThreads }> {
  const files = new TestFiles();
  await files.write("/data/f", Array.from({ length: 500 }, (_, id) => `{"id":${id}}\n`).join(""));
  const inner = new InProcessThreads({ disk: files.environment.disk, ...(onMessage === undefined ? {} : { onMessage }) });
  await inner.prepare(programBeside("range-program", import.meta.url));
  const setup = { path: "/data/f", decoder: ndjson().lineThreads!, schema, projection: "all", maxRecordBytes: 1_000, rangeBytes: 100 } as const;
  return { threads: new RangeThreads(inner, count), setup, inner };
}

/** Hands out ranges of a file as long as there is room. */
function fill(threads: RangeThreads, reader: number): readonly RangeWork[] {
  const works: RangeWork[] = [];
  while (threads.hasRoomFor(reader) && works.length < 100) works.push(threads.assign(reader, { from: 9 + works.length * 100, to: 109 + works.length * 100 }, false));
  return works;
}

it("T1: a thread has room when it is ready, for so many ranges, and again for each that is released, once", async () => {
  const { threads, setup } = await open(2);
  const reader = threads.open(setup);
  expect(threads.hasRoomFor(reader)).toBe(false);
  await nextTurn();
  const works = fill(threads, reader);
  expect(works.length).toBe(2 * slots);
  // Released while it is in work: free when it is done.
  works[0]!.release();
  expect(threads.hasRoomFor(reader)).toBe(false);
  await Promise.all(works.map((work) => work.wait()));
  expect(fill(threads, reader).length).toBe(1);
  works[1]!.release();
  works[1]!.release();
  expect(fill(threads, reader).length).toBe(1);
  await threads.close();
});

it("files that are open at once share the room", async () => {
  const { threads, setup } = await open(1);
  const [one, two] = [threads.open(setup), threads.open(setup)];
  await nextTurn();
  expect([fill(threads, one).length, threads.hasRoomFor(one), fill(threads, two).length]).toEqual([slots / 2, false, slots / 2]);
  await threads.close();
});

it("a file that is closed leaves its part to the others", async () => {
  const { threads, setup } = await open(1);
  const [one, two] = [threads.open(setup), threads.open(setup)];
  await nextTurn();
  const works = fill(threads, one);
  for (const work of works) work.release();
  threads.closeReader(one);
  // What was in work is left, or done: either way its slot is free.
  await Promise.all(works.map((work) => work.wait()));
  expect(fill(threads, two).length).toBe(slots);
  await threads.close();
});

it("a range comes with the memory that it is in, also in a slot that was used before", async () => {
  const { threads, setup } = await open(1);
  const reader = threads.open(setup);
  await nextTurn();
  const first = threads.assign(reader, { from: 9, to: 109 }, false);
  await first.wait();
  expect(first.result).toMatchObject({ isWhole: true, refused: [], packed: [] });
  const { memory, length } = first.result!;
  first.release();
  const again = threads.assign(reader, { from: 109, to: 209 }, false);
  await again.wait();
  expect([again.result!.memory.raw === memory.raw, again.result!.length > 5, length > 5]).toEqual([true, true, true]);
  await threads.close();
});

it("T2: a thread that ends by itself fails who waits, and who comes after", async () => {
  let ranges = 0;
  const { threads, setup, inner } = await open(1, (message) => {
    if ((message as { readonly kind: string }).kind === "range" && ++ranges === 3) throw new RangeError("no memory");
  });
  const reader = threads.open(setup);
  await nextTurn();
  const works = fill(threads, reader);
  const ends = await Promise.allSettled(works.map((work) => work.wait()));
  expect(ends.some(({ status }) => status === "rejected")).toBe(true);
  expect(() => threads.check()).toThrow("a thread that reads files has ended: no memory");
  await expect(works.at(-1)!.wait()).rejects.toMatchObject({ code: "SF_SOURCE_FAILED" });
  expect([threads.hasRoomFor(reader), inner.running]).toEqual([false, 0]);
  await threads.close();
});

it("T3: nothing runs after close", async () => {
  const { threads, setup, inner } = await open(3);
  threads.open(setup);
  await threads.close();
  expect([inner.started, inner.running]).toEqual([3, 0]);
});
