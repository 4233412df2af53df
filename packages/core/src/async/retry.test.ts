import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StreamFlowError } from "../errors.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { backoffDelayMs, retry, type RetryOptions } from "./retry.ts";

const lost = new StreamFlowError("SF_SOURCE_CONNECT", "lost");
const almostOne = { next: () => 1 - 2 ** -53 };

function setup(options: Partial<RetryOptions> = {}) {
  const clock = new ManualClock();
  const delays: number[] = [];
  return { clock, delays, options: { clock, random: almostOne, onRetry: (_error, _retry, delayMs) => void delays.push(Math.round(delayMs)), ...options } satisfies RetryOptions };
}

/** Fails `failures` times, then answers the number of the attempt. */
function flaky(failures: number, error: unknown = lost) {
  return async (attempt: number) => {
    if (attempt <= failures) throw error;
    return attempt;
  };
}

describe("backoff", () => {
  it("is between 0 and a bound that doubles up to the maximum (property)", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 100_000 }), fc.nat(), (count, initialDelayMs, maxDelayMs, seed) => {
        const delayMs = backoffDelayMs({ initialDelayMs, maxDelayMs }, count, seededRandom(seed));
        expect(delayMs).toBeGreaterThanOrEqual(0);
        expect(delayMs).toBeLessThan(Math.min(maxDelayMs, initialDelayMs * 2 ** count));
      }),
    );
  });

  it("uses the whole range: full jitter", () => {
    const random = seededRandom(1);
    const delays = Array.from({ length: 1000 }, () => backoffDelayMs({ initialDelayMs: 100 }, 0, random));
    expect(Math.min(...delays)).toBeLessThan(5);
    expect(Math.max(...delays)).toBeGreaterThan(95);
  });
});

describe("retry", () => {
  it("tries until it succeeds, with doubling delays up to the bound", async () => {
    const { clock, delays, options } = setup({ maxAttempts: 10, initialDelayMs: 100, maxDelayMs: 1000 });
    const work = retry(flaky(6), options);
    await clock.advanceAsync(10_000);
    expect(await work).toBe(7);
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it("throws what it failed with last when the attempts are used up", async () => {
    const { clock, delays, options } = setup({ maxAttempts: 3 });
    const work = expect(retry(flaky(9), options)).rejects.toBe(lost);
    await clock.advanceAsync(10_000);
    await work;
    expect(delays.length).toBe(2);
  });

  it("starts no attempt after maxElapsedMs", async () => {
    const { clock, delays, options } = setup({ maxAttempts: 100, initialDelayMs: 100, maxDelayMs: 100, maxElapsedMs: 350 });
    const work = expect(retry(flaky(99), options)).rejects.toBe(lost);
    await clock.advanceAsync(10_000);
    await work;
    expect(delays).toEqual([100, 100, 100]);
  });

  it.each([
    ["a failure that is not retryable", new StreamFlowError("SF_SOURCE_FAILED", "no")],
    ["an unknown failure", new Error("no")],
    ["an abort", new StreamFlowError("SF_ABORTED", "stop", { retryable: true })],
    ["the platform's abort", new DOMException("stop", "AbortError")],
  ])("never retries %s", async (_name, error) => {
    const { delays, options } = setup();
    await expect(retry(flaky(1, error), options)).rejects.toBe(error);
    expect(delays).toEqual([]);
  });

  it("isRetryable decides about failures, but not about aborts", async () => {
    const { clock, options } = setup({ isRetryable: () => true });
    const work = retry(flaky(1, new Error("no")), options);
    await clock.advanceAsync(1000);
    expect(await work).toBe(2);
    const abort = new StreamFlowError("SF_ABORTED", "stop");
    await expect(retry(flaky(1, abort), options)).rejects.toBe(abort);
  });

  it("an abort ends a wait at once, and stops before an attempt", async () => {
    const controller = new AbortController();
    const { clock, options } = setup({ signal: controller.signal });
    let attempts = 0;
    const work = retry(async () => {
      attempts++;
      throw lost;
    }, options);
    await clock.advanceAsync(0);
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: "SF_ABORTED" });
    await expect(retry(flaky(0), options)).rejects.toMatchObject({ code: "SF_ABORTED" });
    expect([attempts, clock.pendingTimers]).toEqual([1, 0]);
  });
});
