import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Gate, type GateListener, MergeGate } from "./gate.ts";

/** Writes down what it hears, and wants to hear of one time. */
function listener(heard: unknown[], name: string, timer = Infinity): GateListener & { nextTimerMs: number } {
  const own = {
    nextTimerMs: timer,
    advance(watermarkMs: number): void {
      if (watermarkMs >= own.nextTimerMs) own.nextTimerMs = Infinity;
      heard.push([name, watermarkMs]);
    },
  };
  return own;
}

describe("a gate", () => {
  it("G1: its watermark never goes back", () => {
    const gate = new Gate();
    const heard: unknown[] = [];
    gate.listen(listener(heard, "a"));
    for (const time of [5, 3, 5, 7]) gate.advance(time);
    expect(heard).toEqual([["a", 5], ["a", 7]]);
    expect(gate.watermarkMs).toBe(7);
  });

  it("listeners hear in the order they were added", () => {
    const gate = new Gate();
    const heard: unknown[] = [];
    for (const name of ["a", "b"]) gate.listen(listener(heard, name));
    gate.advance(1);
    expect(heard).toEqual([["a", 1], ["b", 1]]);
  });

  it("G3: gates before it know of the earliest timer behind it", () => {
    const [first, second, third] = [new Gate(), new Gate(), new Gate()];
    first.feeds(second);
    second.feeds(third);
    third.lower(50);
    expect([first, second, third].map((gate) => gate.nextTimerMs)).toEqual([50, 50, 50]);
    second.lower(20);
    expect([first, second, third].map((gate) => gate.nextTimerMs)).toEqual([20, 20, 50]);
    const late = new Gate();
    late.feeds(third);
    expect(late.nextTimerMs).toBe(50);
  });

  it("an overdue timer is settled by the next advance, although the watermark stands", () => {
    const gate = new Gate();
    const heard: unknown[] = [];
    gate.advance(10);
    gate.listen(listener(heard, "a", 5));
    gate.lower(5);
    gate.advance(10);
    expect(heard).toEqual([["a", 10]]);
    gate.advance(10);
    expect(heard).toHaveLength(1);
  });
});

describe("a merge", () => {
  it("is the least of its inputs, and waits for one that has reported nothing", () => {
    const merge = new MergeGate();
    const [a, b] = [new Gate(), new Gate()];
    merge.add(a);
    merge.add(b);
    a.advance(10);
    expect(merge.output.watermarkMs).toBe(-Infinity);
    b.advance(7);
    expect(merge.output.watermarkMs).toBe(7);
    b.advance(30);
    expect(merge.output.watermarkMs).toBe(10);
  });

  it("an idle input does not hold it back, and never takes it back when it delivers again", () => {
    const merge = new MergeGate();
    const [a, b] = [new Gate(), new Gate()];
    merge.add(a);
    const slow = merge.add(b);
    b.advance(1);
    a.advance(10);
    expect(merge.output.watermarkMs).toBe(1);
    slow.idle = true;
    expect(merge.output.watermarkMs).toBe(10);
    slow.idle = false;
    b.advance(2);
    expect(merge.output.watermarkMs).toBe(10);
  });

  it("where all inputs are idle it stays", () => {
    const merge = new MergeGate();
    const gates = [new Gate(), new Gate()];
    const inputs = gates.map((gate) => merge.add(gate));
    for (const gate of gates) gate.advance(5);
    for (const input of inputs) input.idle = true;
    expect(merge.output.watermarkMs).toBe(5);
  });

  it("the end comes when all inputs have ended, not when the others are only idle: their next records would all be late", () => {
    const merge = new MergeGate();
    const [a, b] = [new Gate(), new Gate()];
    merge.add(a);
    const live = merge.add(b);
    b.advance(6);
    a.advance(8);
    live.idle = true;
    expect(merge.output.watermarkMs).toBe(8);
    a.advance(Infinity);
    expect(merge.output.watermarkMs).toBe(8);
    live.idle = false;
    b.advance(9);
    expect(merge.output.watermarkMs).toBe(9);
    b.advance(Infinity);
    expect(merge.output.watermarkMs).toBe(Infinity);
  });

  it("an idle input that ends does not hold the end back", () => {
    const merge = new MergeGate();
    const [a, b] = [new Gate(), new Gate()];
    merge.add(a);
    merge.add(b).idle = true;
    a.advance(Infinity);
    b.advance(Infinity);
    expect(merge.output.watermarkMs).toBe(Infinity);
  });

  it("an input that goes away holds nothing back any more", () => {
    const merge = new MergeGate();
    const [a, b] = [new Gate(), new Gate()];
    merge.add(a);
    const gone = merge.add(b);
    a.advance(10);
    gone.detach();
    expect(merge.output.watermarkMs).toBe(10);
    merge.output.lower(20);
    expect([a.nextTimerMs, b.nextTimerMs]).toEqual([20, Infinity]);
  });

  it("an input that is ahead knows of timers behind the one that the others hold back", () => {
    const merge = new MergeGate();
    const [ahead, slow] = [new Gate(), new Gate()];
    merge.add(ahead);
    merge.add(slow);
    let timers = [9, 29];
    merge.output.listen({
      get nextTimerMs() {
        return timers[0] ?? Infinity;
      },
      advance: (watermarkMs) => (timers = timers.filter((timeMs) => timeMs > watermarkMs)),
    });
    merge.output.settle();
    ahead.advance(24);
    slow.advance(99);
    expect(timers).toEqual([29]);
    // eventTime moves its gate in silence up to here, and settles it from here on.
    expect(ahead.nextTimerMs).toBeLessThanOrEqual(29);
  });

  it("is the running minimum over any history, never going back", () => {
    const moves = fc.array(fc.record({ input: fc.nat(2), time: fc.integer({ min: -20, max: 20 }), idle: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(moves, (history) => {
        const merge = new MergeGate();
        const gates = [new Gate(), new Gate(), new Gate()];
        const inputs = gates.map((gate) => merge.add(gate));
        const seen = [-Infinity, -Infinity, -Infinity];
        const idle = [false, false, false];
        let expected = -Infinity;
        for (const { input, time, idle: isIdle } of history) {
          idle[input] = isIdle;
          inputs[input]!.idle = isIdle;
          // An idle input may let the others through before it moves itself.
          const least = (): number => Math.min(...seen.filter((_, index) => !idle[index]));
          if (!idle.every(Boolean)) expected = Math.max(expected, least());
          gates[input]!.advance(time);
          seen[input] = Math.max(seen[input]!, time);
          if (!idle.every(Boolean)) expected = Math.max(expected, least());
          expect(merge.output.watermarkMs).toBe(expected);
        }
      }),
    );
  });
});
