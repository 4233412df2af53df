import { describe, expect, it } from "vitest";
import { Latch, Signal } from "./signal.ts";

describe("signal", () => {
  it("SIG-1: wakes all who wait, and remembers one raise for the next wait", async () => {
    const signal = new Signal();
    const woken: string[] = [];
    const both = Promise.all([signal.wait().then(() => woken.push("a")), signal.wait().then(() => woken.push("b"))]);
    signal.raise();
    await both;
    expect(woken).toEqual(["a", "b"]);
    signal.raise();
    signal.raise();
    await signal.wait();
    let isThird = false;
    const third = signal.wait().then(() => void (isThird = true));
    await Promise.resolve();
    expect(isThird).toBe(false);
    signal.raise();
    await third;
  });

  it("SIG-2: waits share one promise; a raised signal makes none", () => {
    const signal = new Signal();
    const pending = signal.wait();
    expect(signal.wait()).toBe(pending);
    signal.raise();
    signal.raise();
    const first = signal.wait();
    signal.raise();
    expect(first).not.toBe(pending);
    signal.raise();
    expect(signal.wait()).toBe(first);
  });
});

it("a latch opens once and stays open", async () => {
  const latch = new Latch();
  const waiting = latch.wait();
  expect(latch.isOpen).toBe(false);
  latch.open();
  latch.open();
  await Promise.all([waiting, latch.wait()]);
  expect(latch.isOpen).toBe(true);
});
