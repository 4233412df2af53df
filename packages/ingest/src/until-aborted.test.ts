import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { AbortableWaits } from "./until-aborted.ts";

const never = new Promise<string>(() => undefined);

describe("waits one after another", () => {
  it("answer what the work does, with one listener for all until they are closed", async () => {
    const { signal } = new AbortController();
    const waits = new AbortableWaits(signal);
    expect([await waits.wait(Promise.resolve("a")), await waits.wait(Promise.resolve("b"))]).toEqual(["a", "b"]);
    await expect(waits.wait(Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    waits.close();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("an abort ends the one under way and those that follow; a later failure of the work is swallowed", async () => {
    const abort = new AbortController();
    const waits = new AbortableWaits(abort.signal);
    await waits.wait(Promise.resolve("a"));
    let fail = (_: Error): void => undefined;
    const waiting = waits.wait(new Promise<string>((_, reject) => (fail = reject)));
    abort.abort();
    fail(new Error("late"));
    expect([await waiting, await waits.wait(never)]).toEqual([undefined, undefined]);
  });
});
