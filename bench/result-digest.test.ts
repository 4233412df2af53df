import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ResultDigests } from "./result-digest.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "streamflow-digest-"))));
afterAll(() => rmSync(folder, { recursive: true }));

it("is that of the sorted lines: for a file in any order, and for a folder with those below it less what is hidden", async () => {
  const digests = new ResultDigests();
  writeFileSync(join(folder, "file"), "b\na\nc\n");
  mkdirSync(join(folder, "parts/hour"), { recursive: true });
  for (const [name, text] of [["hour/part-2", "a\n"], ["part-1", "c\nb\n"], [".hidden", "d\n"], ["_log", "e\n"]] as const) writeFileSync(join(folder, "parts", name), text);
  const expected = createHash("md5").update("a\nb\nc\n").digest("hex");
  expect(await digests.of(join(folder, "file"))).toBe(expected);
  expect(await digests.of(join(folder, "parts"))).toBe(expected);
  expect(await digests.of(join(folder, "parts"))).toBe(expected);
});

it("differs where a line is there twice", async () => {
  const digests = new ResultDigests();
  writeFileSync(join(folder, "once"), "a\nb\n");
  writeFileSync(join(folder, "twice"), "a\na\nb\n");
  expect(await digests.of(join(folder, "once"))).not.toBe(await digests.of(join(folder, "twice")));
});
