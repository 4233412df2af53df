import fc from "fast-check";
import { expect, it } from "vitest";
import { testEnvironment } from "@streamflow/core/testing";
import { folderNameOf, PipelineFolders } from "./pipeline-folders.ts";

it("folder names are short, plain and different, also where case or the form of an accent is all that differs", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
      expect(folderNameOf(name)).toMatch(/^[a-z0-9_-]{0,40}-[0-9a-f]{16}$/);
    }),
  );
  const names = ["a", "A", "ä", "a\u0308", "", "\ud800", "\ud801", "../a", "x".repeat(300), "x".repeat(301)];
  expect(new Set(names.map(folderNameOf)).size).toBe(names.length);
  expect(folderNameOf("Orders per-minute")).toMatch(/^orders-per-minute-/);
});

it("a folder is made once, knows its name, and is refused to another pipeline", async () => {
  const { disk, environment, logger } = testEnvironment();
  const folders = new PipelineFolders("/data", environment);
  const path = await folders.make("a/b");
  const changes = disk.changes;
  expect(await folders.make("a/b")).toBe(path);
  expect(await new PipelineFolders("/data", environment).make("a/b")).toBe(path);
  expect(disk.changes).toBe(changes);
  await (await disk.createExclusive("/data/something-else")).close();
  expect(await folders.names()).toEqual(["a/b"]);
  await disk.makeFolder(folders.pathOf("other"));
  await disk.remove(`${path}/pipeline.json`);
  expect(await folders.names()).toEqual([]);
  await new PipelineFolders("/data", environment).make("a/b");
  const [moved] = [`${folders.pathOf("other")}/pipeline.json`];
  const file = await disk.openRead(`${path}/pipeline.json`);
  const bytes = new Uint8Array(await file.size());
  await file.read(bytes, 0, bytes.byteLength, 0);
  await (await disk.openWrite(moved)).write(bytes);
  await expect(folders.make("other")).rejects.toMatchObject({ code: "SF_STATE_CORRUPT", message: expect.stringContaining('"a/b"') });
  expect(logger.lines).toEqual([]);
});
