import { BatchError, StreamFlowError, type SinkBatch } from "@streamflow/core";
import { ManualClock, seededRandom } from "@streamflow/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { deliverWithRetry, type DeliveryOptions } from "./retry.ts";
import { sinkBatch } from "./sink-batch.ts";

const later = new StreamFlowError("SF_SINK_UNAVAILABLE", "later");
const never = new StreamFlowError("SF_CODEC_ENCODE", "never");

function setUp(more: Partial<DeliveryOptions> = {}) {
  const clock = new ManualClock();
  const rejected: unknown[] = [];
  const stop = new AbortController();
  const options: DeliveryOptions = { clock, random: { next: () => 1 }, signal: stop.signal, reject: (_error, value) => void rejected.push(value), ...more };
  return { clock, rejected, stop, options };
}

it("R1: pauses double up to the bound, on the clock", async () => {
  const { clock, options } = setUp({ initialDelayMs: 100, maxDelayMs: 300, maxAttempts: 5 });
  const times: number[] = [];
  const startMs = clock.nowMs();
  const done = deliverWithRetry(() => {
    times.push(clock.nowMs() - startMs);
    throw later;
  }, sinkBatch([1]), options).catch((error: unknown) => error);
  while (times.length < 5) await clock.advanceToNext();
  expect(await done).toBe(later);
  expect(times).toEqual([0, 100, 300, 600, 900]);
});

it("R1: what cannot help is not tried again", async () => {
  for (const error of [never, new TypeError("bug")]) {
    let attempts = 0;
    const { options } = setUp();
    await expect(deliverWithRetry(() => {
      attempts++;
      throw error;
    }, sinkBatch([1]), options)).rejects.toBe(error);
    expect(attempts).toBe(1);
  }
});

it("without reject, a record that can never be written fails the delivery", async () => {
  const { options } = setUp();
  const { reject: _, ...bare } = options;
  const error = new BatchError("partly", [{ index: 0, error: never }]);
  await expect(deliverWithRetry(() => Promise.reject(error), sinkBatch([1]), bare)).rejects.toBe(error);
});

it("a cancelled delivery ends its pause at once, and leaves no timer", async () => {
  const { clock, options, stop } = setUp();
  const done = deliverWithRetry(() => Promise.reject(later), sinkBatch([1]), options).catch((error: unknown) => error);
  await clock.advanceAsync(0);
  expect(clock.pendingTimers).toBe(1);
  stop.abort();
  expect(await done).toMatchObject({ code: "SF_ABORTED" });
  expect(clock.pendingTimers).toBe(0);
});

it("R2, R3: every record is written once or rejected once, in order, with its identity (property)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 20 }), fc.integer(), async (fates, seed) => {
      const { clock, options, rejected } = setUp({ random: seededRandom(seed), maxAttempts: 10 });
      const left = [...fates];
      const written: [number, string][] = [];
      // A fate: -1 is never taken, n is taken after n refusals.
      const write = (batch: SinkBatch): void => {
        const failures = (batch.values as readonly number[]).flatMap((record, index) => {
          const fate = left[record] ?? 0;
          if (fate !== 0) {
            left[record] = fate > 0 ? fate - 1 : fate;
            return [{ index, error: fate > 0 ? later : never }];
          }
          written.push([record, batch.identityAt(index).origin]);
          return [];
        });
        if (failures.length > 0) throw new BatchError("partly", failures.toReversed());
      };
      const batch = sinkBatch(fates.map((_, i) => i), { identityAt: (index) => ({ shard: "s", origin: `o${index}`, index: 0 }) });
      const done = deliverWithRetry(write, batch, options);
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
