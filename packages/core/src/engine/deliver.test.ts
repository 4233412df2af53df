import { expect, it } from "vitest";
import type { SinkBatch, SinkCapabilities, SinkSession } from "../contracts/sink.ts";
import { BatchError, StreamFlowError } from "../errors.ts";
import { testEnvironment } from "../testing/environment.ts";
import { deliver } from "./deliver.ts";

const down = (): StreamFlowError => new StreamFlowError("SF_SINK_UNAVAILABLE", "down");
const bad = (): StreamFlowError => new StreamFlowError("SF_CODEC_ENCODE", "cannot be written");

/** A sink that answers with what `answers` say, one after another, and writes down what it was given. */
function scene(answers: readonly unknown[], delivery: SinkCapabilities["delivery"] = "at-least-once") {
  const { clock, random } = testEnvironment();
  const written: unknown[][] = [];
  const rejected: unknown[] = [];
  const left = [...answers];
  const session = {
    write(batch: SinkBatch): Promise<void> {
      written.push([...batch.values, ...Array.from({ length: batch.length }, (_, i) => `@${batch.identityAt(i).index}`)]);
      const answer = left.shift();
      return answer === undefined ? Promise.resolve() : Promise.reject(answer as Error);
    },
  } as unknown as SinkSession;
  const batch: SinkBatch = {
    length: 3, values: ["a", "b", "c"], timestamps: Float64Array.of(1, 2, 3), changes: Uint8Array.of(0, 3, 0),
    identityAt: (index) => ({ shard: "p:in/0", origin: "x", index }),
  };
  const run = async (): Promise<unknown> => {
    const done = Promise.resolve(deliver(session, batch, {
      node: "out", capabilities: { delivery }, clock, random, signal: new AbortController().signal, maxAttempts: 4,
      reject: (error, value) => rejected.push([error.code, value]),
    })).then(() => "delivered", (error: unknown) => (error as StreamFlowError).code);
    await clock.advanceAsync(60_000);
    return done;
  };
  return { run, written, rejected };
}

const all = ["a", "b", "c", "@0", "@1", "@2"];

it("is synchronous where the sink is", () => {
  const { clock, random } = testEnvironment();
  const batch = { length: 0, values: [], timestamps: new Float64Array(), identityAt: () => ({ shard: "s", origin: "o", index: 0 }) };
  const options = { node: "out", capabilities: { delivery: "at-least-once" as const }, clock, random, signal: new AbortController().signal, maxAttempts: 4, reject: () => undefined };
  expect(deliver({ write: () => undefined } as unknown as SinkSession, batch, options)).toBeUndefined();
});

it("tries the whole batch again while the sink is down", async () => {
  const { run, written } = scene([down(), down()]);
  expect(await run()).toBe("delivered");
  expect(written).toEqual([all, all, all]);
});

it("gives up after the bound, with the sink's own error", async () => {
  const { run, written } = scene([down(), down(), down(), down(), down()]);
  expect(await run()).toBe("SF_SINK_UNAVAILABLE");
  expect(written).toHaveLength(4);
});

it("repeats only the records that failed, under their identities; those that can never be written are rejected", async () => {
  const { run, written, rejected } = scene([new BatchError("partly", [{ index: 0, error: bad() }, { index: 2, error: down() }]), new BatchError("again", [{ index: 0, error: bad() }])]);
  expect(await run()).toBe("delivered");
  expect(written).toEqual([all, ["c", "@2"]]);
  expect(rejected).toEqual([["SF_CODEC_ENCODE", "a"], ["SF_CODEC_ENCODE", "c"]]);
});

it("knows a partial failure from another copy of this package", async () => {
  const foreign = Object.assign(new StreamFlowError("SF_SINK_PARTIAL", "partly"), { failures: [{ index: 1, error: bad() }] });
  const { run, rejected } = scene([foreign]);
  expect(await run()).toBe("delivered");
  expect(rejected).toEqual([["SF_CODEC_ENCODE", "b"]]);
});

it("does not try again what cannot help", async () => {
  const { run, written } = scene([bad()]);
  expect(await run()).toBe("SF_CODEC_ENCODE");
  expect(written).toHaveLength(1);
});

it("does not ask a transactional sink again: what a failed write left in its transaction is unknown", async () => {
  const { run, written } = scene([down()], "transactional");
  expect(await run()).toBe("SF_SINK_UNAVAILABLE");
  expect(written).toHaveLength(1);
});
