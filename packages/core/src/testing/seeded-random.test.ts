import { describe, expect, it } from "vitest";
import { registerConformance } from "./conformance/case.ts";
import { randomConformance } from "./conformance/environment.ts";
import { seededRandom } from "./seeded-random.ts";

describe("seeded random", () => {
  registerConformance(it, randomConformance({ create: () => seededRandom(1), seeded: seededRandom }));

  it("gives the numbers that it always gave: seeds in bug reports stay good", () => {
    const random = seededRandom(42);
    expect([random.next(), random.next(), random.integer(1000)]).toMatchInlineSnapshot(`
      [
        0.15377165265745885,
        0.018084542542176507,
        534,
      ]
    `);
  });

  it("shuffles into a permutation, and draws whole numbers below a bound", () => {
    const random = seededRandom(3);
    const items = Array.from({ length: 50 }, (_, i) => i);
    const mixed = random.shuffle(items);
    expect(mixed).not.toEqual(items);
    expect([...mixed].sort((a, b) => a - b)).toEqual(items);
    expect(new Set(Array.from({ length: 200 }, () => random.integer(3)))).toEqual(new Set([0, 1, 2]));
  });

  it("forks a generator that is independent of what its parent draws later", () => {
    const [a, b] = [seededRandom(5), seededRandom(5)];
    const [forkA, forkB] = [a.fork(), b.fork()];
    a.next();
    expect(forkA.next()).toBe(forkB.next());
    expect(forkA.next()).not.toBe(a.next());
  });
});
