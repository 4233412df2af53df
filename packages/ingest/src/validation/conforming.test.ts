import type { Position, Schema, Source } from "@streamflow/core";
import { registerConformance, sourceConformance } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { rowBatch } from "../row-batch.ts";
import { defineSource } from "../source.ts";
import { fileSource } from "../sources/file.ts";
import { iterableSource } from "../sources/iterable.ts";
import { memorySource } from "../sources/memory.ts";
import { stdinSource } from "../sources/stdin.ts";
import { drain } from "../testing/drain.ts";
import { TestFiles } from "../testing/test-files.ts";

const schema: Schema = {
  type: "struct",
  fields: [
    { name: "id", type: { type: "float64" } },
    { name: "tags", type: { type: "list", element: { type: "string" }, nullable: true } },
  ],
};
const good = [{ id: 1, tags: ["a"] }, { id: 2, tags: null }, { id: 3 }];
const mixed: readonly unknown[] = [good[0], { id: "1" }, { id: 1, tags: ["a", 7] }, good[1], null, {}, { id: 1, more: 1 }, good[2]];
/** By index in `mixed`. */
const bad = [[1, "id"], [2, "tags[1]"], [4, ""], [5, "id"], [6, "more"]] as const;

const capabilities = { replayable: true, bounded: true, deterministic: true };
const own = (records: readonly unknown[]): Source =>
  defineSource({
    type: "own",
    config: {},
    capabilities,
    schema,
    partitions: () => ["0"],
    // A reader that leaves out what the plan does not read.
    async *read(partition, from, { projection }) {
      const first = from === undefined ? 0 : Number(from);
      const rows = projection === "all" ? records : records.map(() => ({}));
      if (first < rows.length) yield rowBatch({ partition, values: rows.slice(first), positionAt: (index) => String(first + index + 1) });
    },
  });

describe.each<[string, (records: readonly unknown[]) => Source]>([
  ["memory", (records) => memorySource(records, { schema })],
  ["iterable", (records) => iterableSource(records, { schema })],
  ["one of a third party", own],
])("a source with a schema: %s", (_name, make) => {
  it("rejects what is no value of it, in its place, with path, position and text", async () => {
    const { values, rejected, positions } = await drain(make(mixed));
    expect(values).toEqual(good);
    expect(positions).toEqual(["1", "4", "8"]);
    expect(rejected.map(({ error, position }) => [Number(position) - 1, error.location?.path ?? ""])).toEqual(bad);
    for (const { error } of rejected) expect(error.code).toBe("SF_TYPE_MISMATCH");
    expect(Buffer.from(rejected[1]?.raw ?? []).toString()).toBe('{"id":1,"tags":["a",7]}');
  });

  it("goes on behind a rejected record", async () => {
    const { values, rejected } = await drain(make(mixed), { from: { "0": "5" as Position }, projection: [["id"]] });
    // One that cannot be read again numbers on, and begins at what is there.
    expect([values.length, rejected.length]).toEqual(make([]).capabilities.replayable ? [1, 2] : [3, 5]);
  });
});

it.each(["NDJSON", "standard input"])("decoders reject by themselves what does not fit: %s", async (kind) => {
  const text = mixed.map((record) => JSON.stringify(record)).join("\n");
  const files = new TestFiles();
  await files.write("/data/in.ndjson", text);
  const source = kind === "NDJSON" ? fileSource({ path: "/data/in.ndjson", schema }) : stdinSource({ schema, input: async function* () { yield Buffer.from(text); } });
  const { values, rejected } = await drain(source, { environment: files.environment });
  // Text may stand for a number; a missing field reads as null; what is not declared is left out.
  expect(values).toEqual([{ id: 1, tags: ["a"] }, { id: 1, tags: null }, { id: 2, tags: null }, { id: 1, tags: null }, { id: 3, tags: null }]);
  expect(rejected.map(({ error }) => [error.code, error.location?.path ?? ""])).toEqual([["SF_TYPE_MISMATCH", "tags[1]"], ["SF_TYPE_MISMATCH", ""], ["SF_TYPE_MISMATCH", "id"]]);
});

it("bytes that are kept of a rejected record are bounded; a value that is no text has none", async () => {
  const circle: Record<string, unknown> = {};
  circle["id"] = circle;
  const { rejected } = await drain(memorySource<unknown>([{ id: "x".repeat(100) }, circle, { id: 1n }], { schema }), { maxRejectedBytes: 10 });
  expect(rejected.map(({ raw, truncated }) => [raw === undefined ? undefined : Buffer.from(raw).toString(), truncated])).toEqual([['{"id":"xxx', true], [undefined, undefined], ['{"id":"1"}', undefined]]);
});

it("without a schema nothing is checked: batches pass as they are", async () => {
  const { values, rejected } = await drain(memorySource(mixed));
  expect([values, rejected]).toEqual([mixed, []]);
});

describe("the promises of a source", () => {
  registerConformance(
    it,
    sourceConformance<{ id: number }[]>({
      capabilities: { ...capabilities, singlePartition: true },
      create: (count) => Array.from({ length: count }, (_, id) => ({ id })),
      source: (subject) => memorySource(subject, { schema }),
      expected: (subject) => new Map([["0", subject]]),
    }),
  );
});
