import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { abortable } from "./abort.ts";
import { deadline, sleep } from "./sleep.ts";

describe("sleep", () => {
  it("resolves when the time has passed, not before, and leaves no listener behind", async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    let isOver = false;
    const sleeping = sleep(clock, 100, signal).then(() => void (isOver = true));
    await clock.advanceAsync(99);
    expect(isOver).toBe(false);
    await clock.advanceAsync(1);
    await sleeping;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("an abort ends it at once and takes its timer away", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 100, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: "SF_ABORTED" });
    expect(clock.pendingTimers).toBe(0);
    await expect(sleep(clock, 100, controller.signal)).rejects.toMatchObject({ code: "SF_ABORTED" });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("deadline", () => {
  const never = (signal: AbortSignal) => abortable(new Promise<never>(() => undefined), signal);

  it("answers what the work answers, and takes its timer and listeners away", async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    expect(await deadline(async () => 7, { clock, timeoutMs: 10, what: "the work", signal })).toBe(7);
    await expect(deadline(() => Promise.reject(new Error("no")), { clock, timeoutMs: 10, what: "the work", signal })).rejects.toThrow("no");
    expect([clock.pendingTimers, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  });

  it("throws SF_TIMEOUT at the deadline, and aborts the work's signal", async () => {
    const clock = new ManualClock();
    let seen: AbortSignal | undefined;
    const work = deadline((signal) => never((seen = signal)), { clock, timeoutMs: 10, what: "commit of sink \"files\"" });
    const failed = expect(work).rejects.toMatchObject({ code: "SF_TIMEOUT", retryable: true, message: 'commit of sink "files" took longer than 10 ms' });
    await clock.advanceAsync(9);
    expect(seen?.aborted).toBe(false);
    await clock.advanceAsync(1);
    await failed;
    expect(seen?.aborted).toBe(true);
  });

  it("does not wait for work that does not listen", async () => {
    const clock = new ManualClock();
    const work = deadline(() => new Promise<never>(() => undefined), { clock, timeoutMs: 10, what: "the work" });
    const failed = expect(work).rejects.toMatchObject({ code: "SF_TIMEOUT" });
    await clock.advanceAsync(10);
    await failed;
  });

  it("an abort by the caller is an abort, not a timeout", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const work = deadline(never, { clock, timeoutMs: 10, what: "the work", signal: controller.signal });
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: "SF_ABORTED" });
    await expect(deadline(never, { clock, timeoutMs: 10, what: "the work", signal: controller.signal })).rejects.toMatchObject({ code: "SF_ABORTED" });
    expect(clock.pendingTimers).toBe(0);
  });
});
