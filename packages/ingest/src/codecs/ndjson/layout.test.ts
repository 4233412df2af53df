import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Kind, layoutOf, LayoutLearner, type Layout } from "./layout.ts";

const layout = (text: string): Layout | undefined => layoutOf(Buffer.from(text), () => true);

describe("layoutOf", () => {
  it("says what stands between the values, and what they have been seen as", () => {
    expect(layout('{"a":1, "b":{"c":"x","d":[]},"e":-1.5,"f":null}\r')).toEqual({
      leaves: [
        { path: ["a"], gap: '{"a":', kinds: Kind.integer },
        { path: ["b", "c"], gap: ', "b":{"c":', kinds: Kind.string },
        { path: ["b", "d"], gap: ',"d":', kinds: Kind.nested },
        { path: ["e"], gap: '},"e":', kinds: Kind.number },
        { path: ["f"], gap: ',"f":', kinds: Kind.literal },
      ],
      tail: "}\r",
    });
  });

  it("tells strings with escapes from others", () => {
    expect(layout('{"a":"\\\\","b":"x","c":"\\u0041"}')?.leaves.map(({ kinds }) => kinds)).toEqual([Kind.string | Kind.escaped, Kind.string, Kind.string | Kind.escaped]);
  });

  it("leaves alone what is worth no scanner: no object, no field, doubled names, too many", () => {
    const many = `{${Array.from({ length: 300 }, (_, i) => `"${i}":1`).join()}}`;
    for (const text of ["[1]", "7", "{}", '{"a":1,"a":2}', '{"a":{"b":1,"\\u0062":2}}', many]) expect(layout(text), text).toBeUndefined();
  });
});

/** A learner, and how many records it has looked at: the records have an object within. */
class Watched {
  looks = 0;
  scanners = 0;
  known: readonly Layout[] = [];
  readonly #learner = new LayoutLearner(() => (this.looks++, true));

  miss(text: string): void {
    this.#learner.observe(Buffer.from(text));
    const chosen = this.#learner.choose();
    if (chosen === undefined) return;
    this.scanners++;
    this.known = chosen;
  }

  /** The scanner takes `count` records of the layout in this place. */
  hit(count: number, place = 0): void {
    this.#learner.credit(this.known.map((_, i) => (i === place ? count : 0)));
  }

  /** How many misses it takes until records with this field are known. */
  missesUntilKnown(name: string, most: number): number {
    for (let misses = 1; misses <= most; misses++) {
      this.miss(record(name));
      if (this.known.some((one) => one.leaves.some((leaf) => leaf.path[0] === name))) return misses;
    }
    return Infinity;
  }
}

const record = (name: string): string => `{"${name}":{"x":1}}`;

describe("LayoutLearner", () => {
  it("knows a layout after a few records, and another one behind it soon", () => {
    const learner = new Watched();
    expect(learner.missesUntilKnown("a", 100)).toBeLessThanOrEqual(16);
    learner.hit(50_000);
    expect(learner.missesUntilKnown("b", 2_000)).toBeLessThan(2_000);
  });

  it("learns again as quickly after the hundredth change as after the first, where the scanner was of use between", () => {
    const learner = new Watched();
    for (let change = 0; change < 100; change++) {
      expect(learner.missesUntilKnown(`field${change}`, 5_000), `change ${change}`).toBeLessThan(5_000);
      learner.hit(100_000, learner.known.findIndex((one) => one.leaves[0]?.path[0] === `field${change}`));
    }
  });

  it("knows several layouts that take turns, however many records a round has", () => {
    for (const layouts of [2, 4, 12]) {
      for (const round of [layouts, layouts + 4, 31]) {
        const learner = new Watched();
        for (let i = 0; i < 6_000; i++) learner.miss(record(`field${(i % round) % layouts}`));
        expect(learner.known.length, `${layouts} in rounds of ${round}`).toBe(layouts);
      }
    }
  });

  it("does not change its mind to the same", () => {
    const learner = new Watched();
    learner.missesUntilKnown("a", 100);
    learner.hit(1_000_000);
    const before = learner.scanners;
    for (let i = 0; i < 200; i++) learner.miss(record(`odd${i}`));
    expect(learner.scanners).toBe(before);
  });

  it("what is rare among many, or long between the values, is worth no scanner", () => {
    const learner = new Watched();
    for (let i = 0; i < 100_000; i++) learner.miss(record(`field${i % 997}`));
    expect(learner.known).toEqual([]);
    expect(new Watched().missesUntilKnown("k".repeat(9_000), 200)).toBe(Infinity);
  });

  it("a stream without layouts is hardly looked at, and makes few scanners", () => {
    const learner = new Watched();
    for (let i = 0; i < 300_000; i++) learner.miss(record(`k${i}`));
    expect(learner.looks).toBeLessThan(300_000 / 10);
    expect(learner.scanners).toBeLessThan(20);
  });

  it("keeps little, however long and different the records are", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const used = (): number => (collect(), process.memoryUsage().heapUsed);
    const learner = new Watched();
    const before = used();
    // Two hundred megabytes of names, none of them twice.
    for (let i = 0; i < 2_000; i++) learner.miss(`{"${`k${i}`.repeat(10_000)}":{"x":1}}`);
    for (let i = 0; i < 2_000; i++) learner.miss(`{"${`k${i}`.repeat(8_000)}":{"x":1}}`);
    expect(used() - before).toBeLessThan(16 << 20);
    expect(learner.looks).toBeGreaterThan(0);
  });
});
