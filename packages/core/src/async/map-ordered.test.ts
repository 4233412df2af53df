import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextTurn } from "../node/turn.ts";
import { mapOrdered } from "./map-ordered.ts";

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of source) found.push(item);
  return found;
}

/** Counts up, and remembers what was pulled and whether it was closed. */
function counting(end = Infinity) {
  const log = { pulled: 0, isClosed: false };
  async function* items() {
    try {
      for (let i = 0; i < end; i++) {
        log.pulled++;
        yield i;
      }
    } finally {
      log.isClosed = true;
    }
  }
  return { log, items: items() };
}

describe("mapOrdered", () => {
  it("keeps the order and the bound of concurrency, whatever finishes first (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4), { maxLength: 30 }), fc.integer({ min: 1, max: 6 }), async (turns, concurrency) => {
        let running = 0;
        let most = 0;
        const work = async (wait: number, index: number) => {
          most = Math.max(most, ++running);
          for (let i = 0; i < wait; i++) await nextTurn();
          running--;
          return index;
        };
        const results = await collect(mapOrdered(turns.entries(), ([index, wait]) => work(wait, index), { concurrency }));
        expect(results).toEqual(turns.map((_, index) => index));
        expect(most).toBeLessThanOrEqual(concurrency);
      }),
      { numRuns: 50 },
    );
  });

  it("runs several calls at once", async () => {
    let running = 0;
    let most = 0;
    await collect(mapOrdered([1, 2, 3, 4, 5, 6], async () => {
      most = Math.max(most, ++running);
      await nextTurn();
      running--;
    }, { concurrency: 3 }));
    expect(most).toBe(3);
  });

  it("pulls nothing before it is pulled from, and no more than its concurrency ahead", async () => {
    const { log, items } = counting();
    const mapped = mapOrdered(items, async (n) => n, { concurrency: 4 });
    await nextTurn();
    expect(log.pulled).toBe(0);
    for (let i = 0; i < 3; i++) expect((await mapped.next()).value).toBe(i);
    await nextTurn();
    expect(log.pulled).toBeLessThanOrEqual(3 + 4);
    await mapped.return();
    expect(log.isClosed).toBe(true);
  });

  it("yields a result as soon as it is there, though the source has nothing more yet", async () => {
    async function* slow() {
      yield 1;
      await new Promise(() => undefined);
    }
    const mapped = mapOrdered(slow(), async (n) => n * 2, { concurrency: 8 });
    expect((await mapped.next()).value).toBe(2);
    await mapped.return();
  });

  it("a failure surfaces in its turn, after the results before it, and closes the source", async () => {
    const { log, items } = counting();
    const seen: number[] = [];
    const work = (async () => {
      for await (const n of mapOrdered(items, async (i) => {
        if (i === 5) throw new Error("five");
        for (let k = 0; k < 5 - i; k++) await nextTurn();
        return i;
      }, { concurrency: 3 })) seen.push(n);
    })();
    await expect(work).rejects.toThrow("five");
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect([log.isClosed, log.pulled <= 9]).toEqual([true, true]);
  });

  it("a failure of the source surfaces after the results before it", async () => {
    async function* broken() {
      yield 1;
      yield 2;
      throw new Error("broken");
    }
    const seen: number[] = [];
    await expect((async () => {
      for await (const n of mapOrdered(broken(), async (i) => i, { concurrency: 8 })) seen.push(n);
    })()).rejects.toThrow("broken");
    expect(seen).toEqual([1, 2]);
  });

  it("an abort ends it though a call hangs", async () => {
    const controller = new AbortController();
    const { log, items } = counting();
    const work = collect(mapOrdered(items, () => new Promise(() => undefined), { concurrency: 2, signal: controller.signal }));
    await nextTurn();
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: "SF_ABORTED" });
    expect(log.isClosed).toBe(true);
  });
});
