import type { Batch, Disk, DiskFile } from "@streamflow/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { lines } from "../codecs/lines.ts";
import type { BatchIterator } from "../partition-readers.ts";
import { TestFiles } from "../testing/test-files.ts";
import { parsePlace } from "./file-position.ts";
import { readText } from "./text-reader.ts";

const path = "/data/a";

/** A disk whose files answer at once as `isNow` says. */
function withReadNow(disk: Disk, isNow: () => boolean): Disk {
  const openRead = async (name: string): Promise<DiskFile> => {
    const file = await disk.openRead(name);
    const size = await file.size();
    const content = new Uint8Array(size);
    await file.read(content, 0, size, 0);
    return {
      read: (target, offset, length, position) => file.read(target, offset, length, position),
      write: (bytes, position) => file.write(bytes, position),
      sync: () => file.sync(),
      truncate: (bytes) => file.truncate(bytes),
      size: () => file.size(),
      close: () => file.close(),
      readNow: (target, offset, length, position) => {
        if (!isNow()) return undefined;
        const found = content.subarray(position, position + length);
        target.set(found, offset);
        return found.length;
      },
    };
  };
  return Object.assign(Object.create(disk) as Disk, { openRead });
}

interface Reading {
  readonly files: TestFiles;
  readonly chunkBytes: number;
  readonly isNow?: () => boolean;
  readonly from?: string;
}

function open({ files, chunkBytes, isNow = () => true, from }: Reading): BatchIterator {
  const { disk } = files.environment;
  const decoder = lines().create({ projection: "all", columns: false, texts: false, maxRecordBytes: 1 << 20 });
  const options = { disk: withReadNow(disk, isNow), path, name: "a", partition: "a", content: { compression: "none", chunkBytes }, decoder, isText: true, maxRejectedBytes: 100, signal: new AbortController().signal, onRead: () => undefined } as const;
  return readText(options, from === undefined ? undefined : parsePlace(from))[Symbol.asyncIterator]();
}

/** Reads to the end, at once where that is possible and `asksNow` says so. */
async function readAll(iterator: BatchIterator, asksNow: () => boolean): Promise<{ values: unknown[]; places: string[] }> {
  const [values, places]: [unknown[], string[]] = [[], []];
  const take = (batch: Batch): void => {
    values.push(...(batch.values ?? []));
    for (let i = 0; i < batch.length; i++) places.push(batch.positionAt(i));
    batch.release?.();
  };
  for (;;) {
    const now = values.length > 0 && asksNow() ? iterator.takeNow?.() : undefined;
    if (now !== undefined) {
      take(now);
      continue;
    }
    const next = await iterator.next();
    if (next.done === true) return { values, places };
    take(next.value);
  }
}

const texts = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "𝒳", "\r", " "), maxLength: 60 }), { minLength: 1, maxLength: 40 });
const coins = fc.infiniteStream(fc.boolean());
const flip = (coin: Iterator<boolean>) => (): boolean => coin.next().value === true;

it("gives the same records and positions whichever chunks are read at once, waited for, or read ahead", async () => {
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 90 }), coins, coins, async (records, chunkBytes, disk, caller) => {
      const files = new TestFiles();
      await files.write(path, records.join("\n"));
      const plain = await readAll(open({ files, chunkBytes: 1 << 16, isNow: () => false }), () => false);
      const mixed = await readAll(open({ files, chunkBytes, isNow: flip(disk) }), flip(caller));
      expect(mixed).toEqual(plain);
      const at = Math.floor(plain.places.length / 2);
      const from = plain.places[at];
      if (from !== undefined) expect((await readAll(open({ files, chunkBytes, isNow: flip(disk), from }), flip(caller))).values).toEqual(plain.values.slice(at + 1));
      expect(files.openFiles).toBe(0);
    }),
    { numRuns: 300 },
  );
});

it("closes the file when nobody wants the rest, also while a chunk is on its way", async () => {
  const files = new TestFiles();
  await files.write(path, "a\nb\nc\n".repeat(100));
  for (const isNow of [() => true, () => false]) {
    const iterator = open({ files, chunkBytes: 10, isNow });
    expect((await iterator.next()).done).toBe(false);
    const onItsWay = iterator.next();
    await iterator.return?.();
    expect((await onItsWay).done).toBe(false);
    expect(files.openFiles).toBe(0);
    expect(iterator.takeNow?.()).toBeUndefined();
    expect((await iterator.next()).done).toBe(true);
  }
});
