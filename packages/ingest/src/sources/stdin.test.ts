import { registerConformance, sourceConformance, testEnvironment } from "@streamflow/core/testing";
import { describe, expect, it } from "vitest";
import { drain, nextBatch, openSource, roomy } from "../testing/drain.ts";
import { contentOf } from "../testing/typed-rows.fixture.ts";
import { stdinSource } from "./stdin.ts";

async function* pieces(text: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

describe.each(["ndjson", "csv"] as const)("%s", (format) => registerConformance(
  it,
  sourceConformance<number>({
    capabilities: { replayable: false, bounded: true, deterministic: false, singlePartition: true },
    create: (count) => count,
    source: (count) => stdinSource({ format, input: () => pieces(format === "csv" ? ["id", ...Array(count).keys()].join("\n") : Array.from({ length: count }, (_, id) => `{"id":${id}}\n`).join(""), 700) }),
    expected: (count) => new Map([["0", Array.from({ length: count }, (_, id) => ({ id: format === "csv" ? String(id) : id }))]]),
    typed: (given) => {
      const content = contentOf(format, given);
      return content === undefined ? undefined : { source: stdinSource({ format, schema: given.schema, input: () => pieces(content, 50) }) };
    },
  }),
));

it("records may be cut anywhere, in every format", async () => {
  for (const size of [1, 3, 1000]) {
    expect((await drain(stdinSource({ input: () => pieces('{"a":"é"}\n{"a":2}', size) }))).values).toEqual([{ a: "é" }, { a: 2 }]);
    expect((await drain(stdinSource({ format: "csv", input: () => pieces('a\n"x\ny"\n', size) }))).values).toEqual([{ a: "x\ny" }]);
    expect((await drain(stdinSource({ format: "lines", input: () => pieces("x\n\ny", size) }))).values).toEqual(["x", "", "y"]);
  }
});

it("reads the environment's standard input; SF_SOURCE_FAILED where there is none", async () => {
  const { environment } = testEnvironment();
  expect((await drain(stdinSource(), { environment: { ...environment, stdin: () => pieces("1\n2\n", 1) } })).values).toEqual([1, 2]);
  expect((await drain(stdinSource(), { environment })).failure).toMatchObject({ code: "SF_SOURCE_FAILED" });
});

it("the stream is opened at the first poll, once", async () => {
  let opened = 0;
  const source = stdinSource({
    input: () => {
      opened++;
      return pieces("1\n", 1);
    },
  });
  const { session } = await openSource(source);
  expect(opened).toBe(0);
  expect(await nextBatch(session, "0")).toMatchObject({ values: [1] });
  expect(opened).toBe(1);
  await session.close();
});

it("SRC-4: closing does not wait for the next byte", async () => {
  const silent: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) };
  const { session } = await openSource(stdinSource({ input: () => silent }));
  session.poll("0", roomy);
  await Promise.resolve();
  await session.close();
});

it("a stream that breaks off delivers what came before, and fails", async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("1\n2\n3");
    throw new Error("EPIPE");
  }
  expect(await drain(stdinSource({ input: broken }))).toMatchObject({ values: [1, 2], failure: { code: "SF_SOURCE_FAILED" } });
});
