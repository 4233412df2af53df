import { describe, expect, it } from "vitest";
import type { Cursor } from "../contracts/operator.ts";
import { Bridge } from "./bridge.ts";
import { Gate } from "./gate.ts";

type Process = (stream: AsyncIterable<unknown>) => AsyncIterable<unknown>;

function scene(process: Process) {
  const cursor: Cursor = { timestampMs: NaN, key: undefined, change: 0, index: -1 };
  const [gate, output] = [new Gate(), new Gate()];
  const out: unknown[] = [];
  const bridge = new Bridge({ node: "mine", process, cursor, gate, output, next: (value) => out.push([value, cursor.timestampMs, cursor.key, output.watermarkMs]) });
  const push = (value: unknown, timestampMs = NaN, key?: unknown): void => {
    Object.assign(cursor, { timestampMs, key });
    bridge.push(value);
  };
  return { bridge, gate, output, out, push };
}

const doubling: Process = async function* (stream) {
  for await (const value of stream) yield (value as number) * 2;
};

it("pulls nothing before it is drained", async () => {
  let isPulled = false;
  const { bridge, push } = scene(async function* (stream) {
    isPulled = true;
    yield* stream;
  });
  push(1);
  await Promise.resolve();
  expect(isPulled).toBe(false);
  await bridge.drain();
  expect(isPulled).toBe(true);
});

it("R1: results have time and key of the record that was pulled, and come behind the watermark it had", async () => {
  const { bridge, gate, output, out, push } = scene(doubling);
  gate.advance(5);
  push(1, 10, "a");
  gate.advance(8);
  push(2, 20, "b");
  await bridge.drain();
  expect(out).toEqual([[2, 10, "a", 5], [4, 20, "b", 8]]);
  gate.advance(30);
  expect([output.watermarkMs, bridge.isWaiting]).toEqual([8, true]);
  await bridge.drain();
  expect([output.watermarkMs, bridge.isWaiting]).toEqual([30, false]);
});

it("R2: after a drain everything that was given has been worked on, also where the stage awaits", async () => {
  const { bridge, out, push } = scene(async function* (stream) {
    for await (const value of stream) {
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
      yield value;
    }
  });
  for (let round = 0; round < 3; round++) {
    push(round);
    push(-round);
    await bridge.drain();
    expect(out).toHaveLength(2 * (round + 1));
  }
});

it("what a stage keeps comes out at the end of its input", async () => {
  const { bridge, gate, out, push } = scene(async function* (stream) {
    let sum = 0;
    for await (const value of stream) sum += value as number;
    yield sum;
  });
  push(1);
  push(2);
  await bridge.drain();
  expect(out).toEqual([]);
  gate.advance(Infinity);
  await bridge.drain();
  expect(out.map((row) => (row as unknown[])[0])).toEqual([3]);
});

describe("SF_STAGE_FAILED", () => {
  it("what the stage throws, now and again", async () => {
    const { bridge, push } = scene(async function* (stream) {
      for await (const value of stream) if (value === 2) throw new Error("no 2");
      else yield value;
    });
    push(1);
    push(2);
    push(3);
    for (let times = 0; times < 2; times++) await expect(bridge.drain()).rejects.toMatchObject({ code: "SF_STAGE_FAILED", message: 'stage "mine": no 2' });
  });

  it("a stage that ends while there is input: the rest would be lost", async () => {
    const { bridge, push } = scene(async function* (stream) {
      for await (const value of stream) {
        yield value;
        return;
      }
    });
    push(1);
    await expect(bridge.drain()).rejects.toMatchObject({ code: "SF_STAGE_FAILED", message: expect.stringContaining("ended before its input") as string });
  });
});

it("closing ends the stage, in whatever state it is, and may be repeated", async () => {
  for (const before of ["new", "fed", "drained"]) {
    let isReleased = false;
    const { bridge, push } = scene(async function* (stream) {
      try {
        yield* stream;
      } finally {
        isReleased = true;
      }
    });
    if (before !== "new") push(1);
    if (before === "drained") await bridge.drain();
    await bridge.close();
    await bridge.close();
    expect(isReleased, before).toBe(before === "drained");
  }
});
