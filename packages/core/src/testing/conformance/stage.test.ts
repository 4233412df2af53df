// The suite on stages written by hand, and on stages that break their promises.
import { describe, expect, it } from "vitest";
import type { Stage } from "../../stage.ts";
import { registerConformance } from "./case.ts";
import { failing } from "./failing.fixture.ts";
import { stageConformance, type StageHarness } from "./stage.ts";

const inputs: readonly number[] = Array.from({ length: 20 }, (_, i) => i);

function harness(process: Stage<number, number>["process"], rest: Partial<StageHarness<number, number>> = {}): StageHarness<number, number> {
  return { create: () => ({ validate: () => undefined, process }), inputs, outputs: inputs.map((n) => n * 2), ...rest };
}

async function* doubled(stream: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const n of stream) {
    if (n === 1000) throw new RangeError("too large");
    yield n * 2;
  }
}

async function* pairs(stream: AsyncIterable<number>): AsyncGenerator<number> {
  let held: number | undefined;
  for await (const n of stream) {
    if (held === undefined) held = n;
    else {
      yield held + n;
      held = undefined;
    }
  }
}

describe("an async generator", () => registerConformance(it, stageConformance(harness(doubled, { refused: { value: 1000 } }))));
describe("one that answers every second record", () =>
  registerConformance(it, stageConformance(harness(pairs, { outputs: inputs.filter((n) => n % 2 === 0).map((n) => 2 * n + 1) }))));

describe("broken stages", () => {
  const broken: readonly (readonly [string, string, StageHarness<number, number>])[] = [
    ["STG-2", "reads everything first", harness(async function* (stream) {
      const all: number[] = [];
      for await (const n of stream) all.push(n);
      for (const n of all.slice(0, 20)) yield n * 2;
    })],
    ["STG-3", "leaves its input open", harness((stream) => {
      const input = stream[Symbol.asyncIterator]();
      return { [Symbol.asyncIterator]: () => ({ next: async () => { const { done, value } = await input.next(); return done === true ? { done, value: undefined } : { done: false, value: value * 2 }; }, return: async () => ({ done: true as const, value: undefined }) }) };
    })],
    ["STG-3", "swallows errors", harness(async function* (stream) {
      try {
        yield* doubled(stream);
      } catch {
        // Said to nobody.
      }
    })],
    ["STG-4", "loses one", harness(async function* (stream) {
      for await (const n of doubled(stream)) if (n !== 14) yield n;
    })],
    ["STG-4", "sends one twice", harness(async function* (stream) {
      for await (const n of doubled(stream)) {
        yield n;
        if (n === 38) yield n;
      }
    })],
  ];
  it.each(broken)("%s: one that %s", async (id, _what, one) => {
    // One that reads everything first would never answer an input without an end.
    const cases = stageConformance(one).filter(({ name }) => id !== "STG-2" || !name.includes("without an end"));
    expect(await failing(cases, id)).toEqual(new Set([id]));
  });

  it("a sound one is not blamed", async () => {
    expect(await failing(stageConformance(harness(doubled)))).toEqual(new Set());
  });
});
