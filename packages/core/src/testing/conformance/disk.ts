// The clauses DSK-1 to DSK-5 as checks.
import assert from "node:assert/strict";
import type { Disk, DiskFile } from "../../contracts/environment.ts";
import { SuiteBuilder, mustFail, type ConformanceCase } from "./case.ts";
import { range, sameBytes, sampleBytes } from "./store-trial.ts";

/** A disk and an empty folder on it. */
export interface DiskUnderTest {
  readonly disk: Disk;
  /** Absolute; it exists, durably. */
  readonly folder: string;
  /** Loses power; answers the disk that comes back. */
  crash?(this: void, seed: number): Disk | Promise<Disk>;
  /** Leaves room for so many bytes more. */
  fill?(this: void, roomBytes: number): void;
  /** Refuses all changes from now on. */
  forbid?(this: void): void;
  dispose?(): void | Promise<void>;
}

/** What the suite needs of a disk. */
export interface DiskHarness {
  create(): DiskUnderTest | Promise<DiskUnderTest>;
  /** Which of the optional functions `create` gives. */
  readonly capabilities: { readonly crash: boolean; readonly fill: boolean; readonly forbid: boolean };
}

type Trial = DiskUnderTest & { end(): Promise<void> };

/** Checks that a disk keeps the promises of {@link Disk}. */
export function diskConformance(harness: DiskHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder<Trial>(async () => {
    const subject = await harness.create();
    return { ...subject, end: async () => subject.dispose?.() };
  });
  addFiles(suite);
  addNames(suite);
  addFolders(suite);
  addFailures(suite, harness);
  addCrashes(suite, harness);
  return suite.cases;
}

function addFiles(suite: SuiteBuilder<Trial>): void {
  suite.add(["DSK", "writes at a position and at the end are read back, also through another handle"], async ({ disk, folder }) => {
    const file = await disk.openWrite(`${folder}/a`);
    await file.write(text("hello"));
    await file.write(text(" world"));
    await file.write(text("J"), 0);
    await file.write(text("!"), 13);
    await file.write(text("?"));
    assert.equal(await file.size(), 15);
    await file.close();
    assert.equal(await readText(disk, `${folder}/a`), "Jello world\0\0!?");
    const again = await disk.openWrite(`${folder}/a`);
    await again.write(text("."));
    await again.close();
    assert.equal(await readText(disk, `${folder}/a`), "Jello world\0\0!?.");
  });

  suite.add(["DSK", "read fills a part of the target, and answers 0 at the end"], async ({ disk, folder }) => {
    const file = await write(disk, `${folder}/a`, text("0123456789"));
    const target = new Uint8Array(6).fill(0x2d);
    assert.equal(await file.read(target, 1, 4, 3), 4);
    assert.equal(new TextDecoder().decode(target), "-3456-");
    assert.equal(await file.read(target, 0, 6, 8), 2);
    assert.equal(await file.read(target, 0, 6, 10), 0);
    assert.equal(await file.read(target, 0, 6, 99), 0);
    await file.close();
  });

  suite.add(["DSK-6", "what is read at once is what would have been read; what is not is left to read"], async ({ disk, folder }) => {
    const bytes = sampleBytes(5_000);
    const file = await write(disk, `${folder}/a`, bytes);
    const target = new Uint8Array(5_000);
    for (let at = 0; at < bytes.length; ) {
      const untouched = target.slice();
      const length = Math.min(7, bytes.length - at);
      const now = file.readNow?.(target, at, length, at);
      if (now === undefined) sameBytes(target, untouched, "the target");
      at += now ?? (await file.read(target, at, length, at));
    }
    sameBytes(target, bytes, "what was read");
    assert.equal((await file.read(target, 0, 7, bytes.length)) + (file.readNow?.(target, 0, 7, bytes.length) ?? 0), 0);
    await file.close();
    if (file.readNow !== undefined) assert.throws(() => file.readNow?.(target, 0, 7, 0));
  });

  suite.add(["DSK", "truncate cuts and grows with zeros; the next write at the end follows"], async ({ disk, folder }) => {
    const file = await write(disk, `${folder}/a`, text("0123456789"));
    await file.truncate(4);
    await file.write(text("x"));
    await file.truncate(8);
    await file.write(text("y"));
    await file.close();
    assert.equal(await readText(disk, `${folder}/a`), "0123x\0\0\0y");
  });

  suite.add(["DSK", "large writes are whole; the caller may reuse its buffer"], async ({ disk, folder }) => {
    const bytes = sampleBytes(3_000_000);
    const file = await write(disk, `${folder}/a`, bytes);
    bytes.fill(0xee);
    await file.sync();
    await file.close();
    sameBytes(await readBytes(disk, `${folder}/a`), sampleBytes(3_000_000), "a large file");
  });

  suite.add(["DSK", "close may be repeated, and a closed file refuses work"], async ({ disk, folder }) => {
    const file = await write(disk, `${folder}/a`, text("x"));
    await file.close();
    await file.close();
    await mustFail("SF_DISK_FAILED", () => file.write(text("y")));
    await mustFail("SF_DISK_FAILED", () => file.read(new Uint8Array(1), 0, 1, 0));
  });

  suite.add(["DSK", "a file that is open for reading cannot be written"], async ({ disk, folder }) => {
    await (await write(disk, `${folder}/a`, text("x"))).close();
    const file = await disk.openRead(`${folder}/a`);
    const error = await mustFail("SF_DISK_FAILED", () => file.write(text("y")));
    assert.ok(error.message.includes(`${folder}/a`));
    await file.close();
    assert.equal(await readText(disk, `${folder}/a`), "x");
  });
}

function addNames(suite: SuiteBuilder<Trial>): void {
  suite.add(["DSK-2", "rename replaces the target; whoever has it open goes on reading the old one"], async ({ disk, folder }) => {
    await (await write(disk, `${folder}/new`, text("new"))).close();
    await (await write(disk, `${folder}/old`, text("old"))).close();
    const reader = await disk.openRead(`${folder}/old`);
    await disk.rename(`${folder}/new`, `${folder}/old`);
    assert.deepEqual(await disk.list(folder), ["old"]);
    assert.equal(await readText(disk, `${folder}/old`), "new");
    assert.equal(new TextDecoder().decode(await readOpen(reader)), "old");
    await reader.close();
  });

  suite.add(["DSK-2", "readers see the old file or the new one, never none"], async ({ disk, folder }) => {
    await (await write(disk, `${folder}/a`, text("0"))).close();
    const renames = (async () => {
      for (const i of range(50)) {
        await (await write(disk, `${folder}/tmp`, text(`${i}`))).close();
        await disk.rename(`${folder}/tmp`, `${folder}/a`);
      }
    })();
    let isDone = false;
    const done = renames.finally(() => (isDone = true));
    while (!isDone) assert.match(await readText(disk, `${folder}/a`), /^\d+$/);
    await done;
  });

  suite.add(["DSK-3", "createExclusive makes a file once"], async ({ disk, folder }) => {
    const file = await disk.createExclusive(`${folder}/a`);
    await file.write(text("mine"));
    const error = await mustFail("SF_DISK_FAILED", () => disk.createExclusive(`${folder}/a`));
    assert.equal(error.context?.["reason"], "exists");
    await file.close();
    assert.equal(await readText(disk, `${folder}/a`), "mine");
    const answers = await Promise.allSettled(range(8).map(() => disk.createExclusive(`${folder}/b`)));
    assert.equal(answers.filter((answer) => answer.status === "fulfilled").length, 1);
    for (const answer of answers) if (answer.status === "fulfilled") await answer.value.close();
  });

  suite.add(["DSK", "remove removes, and a missing file or folder is fine"], async ({ disk, folder }) => {
    await (await write(disk, `${folder}/a`, text("x"))).close();
    await disk.remove(`${folder}/a`);
    await disk.remove(`${folder}/a`);
    await disk.remove(`${folder}/no/such/folder`);
    assert.equal(await disk.stat(`${folder}/a`), undefined);
    await disk.makeFolder(`${folder}/deep/er`);
    await (await write(disk, `${folder}/deep/er/a`, text("x"))).close();
    await disk.removeFolder(`${folder}/deep`);
    await disk.removeFolder(`${folder}/deep`);
    assert.deepEqual(await disk.list(folder), []);
  });
}

function addFolders(suite: SuiteBuilder<Trial>): void {
  suite.add(["DSK", "list is sorted by code unit; a missing folder is empty"], async ({ disk, folder }) => {
    const names = ["b", "a", "B", "10", "9", "\u{1f4a7}", "\uffee", "a b", "a.b"];
    for (const name of names) await (await disk.openWrite(`${folder}/${name}`)).close();
    await disk.makeFolder(`${folder}/sub`);
    assert.deepEqual(await disk.list(folder), [...names, "sub"].sort());
    assert.deepEqual(await disk.list(`${folder}/none`), []);
  });

  suite.add(["DSK", "makeFolder makes parents too, and an existing one is fine"], async ({ disk, folder }) => {
    await disk.makeFolder(`${folder}/x/y/z`);
    await disk.makeFolder(`${folder}/x/y/z`);
    await (await write(disk, `${folder}/x/y/z/a`, text("abc"))).close();
    assert.equal((await disk.stat(`${folder}/x/y`))?.kind, "folder");
    const stat = await disk.stat(`${folder}/x/y/z/a`);
    assert.equal(stat?.kind, "file");
    assert.equal(stat.sizeBytes, 3);
    await disk.syncFolder(`${folder}/x/y/z`);
  });
}

function addFailures(suite: SuiteBuilder<Trial>, { capabilities }: DiskHarness): void {
  suite.add(["DSK-4", "a missing file: stat answers undefined, all else says so and names the path"], async ({ disk, folder }) => {
    const path = `${folder}/missing`;
    assert.equal(await disk.stat(path), undefined);
    assert.equal(await disk.stat(`${path}/deeper`), undefined);
    const attempts = [
      () => disk.openRead(path),
      () => disk.rename(path, `${folder}/b`),
      () => disk.openWrite(`${path}/in-a-missing-folder`),
      () => disk.createExclusive(`${path}/in-a-missing-folder`),
      () => disk.syncFolder(path),
    ];
    for (const attempt of attempts) {
      const error = await mustFail("SF_DISK_FAILED", attempt);
      assert.equal(error.context?.["reason"], "missing");
      assert.ok(error.message.includes(path), `the message names the path: ${error.message}`);
    }
  });

  suite.add(
    ["DSK-5", "a full disk is SF_DISK_FULL, retryable, and names the path; with room it goes on"],
    async ({ disk, folder, fill }) => {
      const file = await disk.openWrite(`${folder}/a`);
      await file.write(text("abc"));
      fill?.(10);
      const error = await mustFail("SF_DISK_FULL", () => file.write(sampleBytes(11)));
      assert.equal(error.retryable, true);
      assert.ok(error.message.includes(`${folder}/a`));
      fill?.(1000);
      await file.write(text("abc"), 0);
      await file.close();
      assert.equal((await readText(disk, `${folder}/a`)).slice(0, 3), "abc");
    },
    { name: "fill", isMet: capabilities.fill },
  );

  suite.add(
    ["DSK-5", "no permission is SF_DISK_READ_ONLY and names the path"],
    async ({ disk, folder, forbid }) => {
      await (await write(disk, `${folder}/a`, text("x"))).close();
      forbid?.();
      const attempts = [() => disk.openWrite(`${folder}/b`), () => disk.createExclusive(`${folder}/b`), () => disk.rename(`${folder}/a`, `${folder}/b`), () => disk.remove(`${folder}/a`)];
      for (const attempt of attempts) {
        const error = await mustFail("SF_DISK_READ_ONLY", attempt);
        assert.ok(error.message.includes(folder), `the message names the path: ${error.message}`);
      }
      assert.equal(await readText(disk, `${folder}/a`), "x");
    },
    { name: "forbid", isMet: capabilities.forbid },
  );
}

function addCrashes(suite: SuiteBuilder<Trial>, { capabilities }: DiskHarness): void {
  const requirement = { name: "crash", isMet: capabilities.crash };

  suite.add(
    ["DSK-1", "synced data under a synced name outlives a power loss"],
    async ({ disk, folder, crash }) => {
      let present = disk;
      for (const seed of range(20)) {
        const file = await write(present, `${folder}/${seed}`, sampleBytes(2000, seed));
        await file.sync();
        await present.syncFolder(folder);
        await file.write(sampleBytes(500, 99));
        present = (await crash?.(seed)) ?? present;
        for (const before of range(seed + 1)) sameBytes((await readBytes(present, `${folder}/${before}`)).subarray(0, 2000), sampleBytes(2000, before), `file ${before} after crash ${seed}`);
      }
    },
    requirement,
  );

  suite.add(
    ["DSK-1", "a file that was written, synced, renamed and whose folder was synced replaces the old one for good"],
    async ({ disk, folder, crash }) => {
      let present = disk;
      for (const seed of range(20)) {
        const file = await write(present, `${folder}/tmp`, sampleBytes(2000, seed));
        await file.sync();
        await present.rename(`${folder}/tmp`, `${folder}/a`);
        if (seed % 2 === 0) await present.syncFolder(folder);
        present = (await crash?.(seed)) ?? present;
        const found = await readBytes(present, `${folder}/a`);
        const allowed = seed % 2 === 0 ? [seed] : [seed - 1, seed];
        assert.ok(allowed.some((one) => Buffer.compare(found, sampleBytes(2000, one)) === 0), `after crash ${seed} the file is the old one or the new one, whole`);
        await present.remove(`${folder}/tmp`);
      }
    },
    requirement,
  );
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

async function write(disk: Disk, path: string, bytes: Uint8Array): Promise<DiskFile> {
  const file = await disk.openWrite(path);
  await file.truncate(0);
  await file.write(bytes);
  return file;
}

async function readOpen(file: DiskFile): Promise<Uint8Array> {
  const target = new Uint8Array(await file.size());
  let done = 0;
  for (let count = -1; count !== 0 && done < target.length; done += count) count = await file.read(target, done, target.length - done, done);
  return target.subarray(0, done);
}

async function readBytes(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.openRead(path);
  try {
    return await readOpen(file);
  } finally {
    await file.close();
  }
}

async function readText(disk: Disk, path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(disk, path));
}
