import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextTurn } from "../node/turn.ts";
import { merge } from "./merge.ts";

/** Yields its items after so many turns each, and remembers what was pulled and whether it was closed. */
function lane<T>(items: readonly T[], turns = 0, log = { pulled: 0, isClosed: false }) {
  async function* generate() {
    try {
      for (const item of items) {
        log.pulled++;
        for (let i = 0; i < turns; i++) await nextTurn();
        yield item;
      }
    } finally {
      log.isClosed = true;
    }
  }
  return Object.assign(generate(), { log });
}

describe("merge", () => {
  it("yields every item once, each source's in its order (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ count: fc.nat(8), turns: fc.nat(2) }), { maxLength: 5 }), fc.integer({ min: 1, max: 3 }), async (shapes, maxBufferedItems) => {
        const sources = shapes.map(({ count, turns }, source) => lane(Array.from({ length: count }, (_, item) => ({ source, item })), turns));
        const found = [];
        for await (const one of merge(sources, { maxBufferedItems })) found.push(one);
        for (const [source, { count }] of shapes.entries()) expect(found.filter((one) => one.source === source).map((one) => one.item)).toEqual(Array.from({ length: count }, (_, item) => item));
        expect(found.length).toBe(shapes.reduce((sum, { count }) => sum + count, 0));
      }),
      { numRuns: 50 },
    );
  });

  it("pulls nothing before it is pulled from, and buffers no more than its bound", async () => {
    const source = lane(Array.from({ length: 100 }, (_, i) => i));
    const merged = merge([source], { maxBufferedItems: 3 });
    await nextTurn();
    expect(source.log.pulled).toBe(0);
    expect((await merged.next()).value).toBe(0);
    for (let i = 0; i < 5; i++) await nextTurn();
    expect(source.log.pulled).toBeLessThanOrEqual(5);
    await merged.return();
  });

  it("a slow source does not hold back a fast one, and a fast one does not starve another", async () => {
    const [fast, other] = [lane(Array.from({ length: 50 }, () => "fast")), lane(["other", "other"])];
    const found: string[] = [];
    for await (const item of merge([fast, other, lane(["slow"], 20)])) found.push(item);
    expect(found.slice(0, 6).filter((item) => item === "other").length).toBe(2);
    expect(found.indexOf("slow")).toBeGreaterThan(10);
  });

  it("a failure is thrown after what came before it, though another source never ends; all are closed", async () => {
    async function* broken() {
      yield "a";
      throw new Error("broken");
    }
    async function* endless() {
      try {
        for (;;) yield "b";
      } finally {
        endlessClosed = true;
      }
    }
    let endlessClosed = false;
    const found: string[] = [];
    await expect((async () => {
      for await (const item of merge([broken(), endless()], { maxBufferedItems: 2 })) found.push(item);
    })()).rejects.toThrow("broken");
    expect(found).toContain("a");
    expect(found.length).toBeLessThan(20);
    expect(endlessClosed).toBe(true);
  });

  it("an early end closes all sources, also while one of them hangs", async () => {
    const closable = lane([1, 2, 3]);
    async function* hanging() {
      await new Promise(() => undefined);
      yield 0;
    }
    for await (const item of merge<number>([closable, hanging()])) if (item === 2) break;
    expect(closable.log.isClosed).toBe(true);
  });
});
