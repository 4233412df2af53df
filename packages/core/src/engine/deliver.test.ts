import fc from "fast-check";
import { expect, it } from "vitest";
import type { SinkBatch, SinkCapabilities, SinkSession } from "../contracts/sink.ts";
import { BatchError, StreamFlowError } from "../errors.ts";
import { testEnvironment } from "../testing/environment.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { deliver, type DeliverOptions } from "./deliver.ts";

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
      capabilities: { delivery }, clock, random, signal: new AbortController().signal, maxAttempts: 4,
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
  const options = { capabilities: { delivery: "at-least-once" as const }, clock, random, signal: new AbortController().signal, maxAttempts: 4, reject: () => undefined };
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

const sessionOf = (write: (batch: SinkBatch) => void | Promise<void>): SinkSession => ({ write }) as unknown as SinkSession;
const batchOf = (values: readonly unknown[]): SinkBatch => ({ length: values.length, values, timestamps: new Float64Array(values.length), identityAt: (index) => ({ shard: "s", origin: `o${index}`, index: 0 }) });

function patient(more: Partial<DeliverOptions> = {}) {
  const clock = new ManualClock();
  const rejected: unknown[] = [];
  const stop = new AbortController();
  const options: DeliverOptions = { capabilities: { delivery: "idempotent" }, clock, random: { next: () => 1 }, signal: stop.signal, maxAttempts: 8, reject: (_error, value) => void rejected.push(value), ...more };
  return { clock, rejected, stop, options };
}

it("D1: pauses double up to the bound, on the clock", async () => {
  const { clock, options } = patient({ backoff: { initialDelayMs: 100, maxDelayMs: 300 }, maxAttempts: 5 });
  const times: number[] = [];
  const startMs = clock.nowMs();
  const failure = down();
  const write = (): never => {
    times.push(clock.nowMs() - startMs);
    throw failure;
  };
  const done = Promise.resolve(deliver(sessionOf(write), batchOf([1]), options)).catch((error: unknown) => error);
  while (times.length < 5) await clock.advanceToNext();
  expect(await done).toBe(failure);
  expect(times).toEqual([0, 100, 300, 600, 900]);
});

it("D1: what is no error of StreamFlow's is thrown as it is", async () => {
  const { options } = patient();
  const bug = new TypeError("bug");
  await expect(deliver(sessionOf(() => Promise.reject(bug)), batchOf([1]), options)).rejects.toBe(bug);
});

it("D2: without reject, a record that can never be written fails the delivery", async () => {
  const { reject: _, ...bare } = patient().options;
  const error = new BatchError("partly", [{ index: 0, error: bad() }]);
  await expect(deliver(sessionOf(() => Promise.reject(error)), batchOf([1]), bare)).rejects.toBe(error);
});

it("a cancelled delivery ends its pause at once, and leaves no timer", async () => {
  const { clock, options, stop } = patient();
  const done = Promise.resolve(deliver(sessionOf(() => Promise.reject(down())), batchOf([1]), options)).catch((error: unknown) => error);
  await clock.advanceAsync(0);
  expect(clock.pendingTimers).toBe(1);
  stop.abort();
  expect(await done).toMatchObject({ code: "SF_ABORTED" });
  expect(clock.pendingTimers).toBe(0);
});

it("D2: every record is written once or rejected once, in order, with its identity, in whatever order failures are told (property)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 20 }), fc.integer(), async (fates, seed) => {
      const { clock, options, rejected } = patient({ random: seededRandom(seed), maxAttempts: 10 });
      const left = [...fates];
      const written: [number, string][] = [];
      // A fate: -1 is never taken, n is taken after n refusals.
      const write = (batch: SinkBatch): void => {
        const failures = (batch.values as readonly number[]).flatMap((record, index) => {
          const fate = left[record] ?? 0;
          if (fate !== 0) {
            left[record] = fate > 0 ? fate - 1 : fate;
            return [{ index, error: fate > 0 ? down() : bad() }];
          }
          written.push([record, batch.identityAt(index).origin]);
          return [];
        });
        if (failures.length > 0) throw new BatchError("partly", failures.toReversed());
      };
      const done = deliver(sessionOf(write), batchOf(fates.map((_, i) => i)), options);
      for (let i = 0; i < 10; i++) await clock.advanceToNext();
      await done;
      expect(rejected).toEqual(fates.flatMap((fate, i) => (fate < 0 ? [i] : [])));
      expect(written.map(([record]) => record).toSorted((a, b) => a - b)).toEqual(fates.flatMap((fate, i) => (fate < 0 ? [] : [i])));
      for (const [record, origin] of written) expect(origin).toBe(`o${record}`);
      for (const fate of [0, 1, 2, 3]) {
        const same = written.map(([record]) => record).filter((record) => fates[record] === fate);
        expect(same).toEqual(same.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 60 },
  );
});
