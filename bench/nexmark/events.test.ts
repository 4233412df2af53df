import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { NexmarkEvents, nexmarkLines, type NexmarkOptions } from "./events.ts";

function md5(options: NexmarkOptions, chunkChars?: number): string {
  const hash = createHash("md5");
  for (const chunk of nexmarkLines(options, chunkChars)) hash.update(chunk);
  return hash.digest("hex");
}

it("the dialect is fixed: the MD5 that README.md publishes, however it is cut", () => {
  expect(md5({ events: 100_000 })).toBe("e56c909a6a495db79872d3eee71c132c");
  expect(md5({ events: 100_000 }, 1_000)).toBe("e56c909a6a495db79872d3eee71c132c");
  expect(md5({ events: 100_000, seed: 2 })).not.toBe("e56c909a6a495db79872d3eee71c132c");
});

it("an event depends on the seed and its number alone", () => {
  const whole = [...nexmarkLines({ events: 100 })].map(String).join("");
  const halves = [0, 50].flatMap((first) => [...nexmarkLines({ events: 50, first })]).map(String).join("");
  expect(halves).toBe(whole);
});

it("one person, three auctions and 46 bids in fifty; ids follow each other, and what is referred to was there or soon will be", () => {
  const events = new NexmarkEvents();
  const all = Array.from({ length: 5_000 }, (_, n) => JSON.parse(events.line(n)) as Readonly<Record<string, number | string>>);
  const of = (kind: string): typeof all => all.filter((event) => event["kind"] === kind);
  expect([of("person").length, of("auction").length, of("bid").length]).toEqual([100, 300, 4_600]);
  expect(of("person").map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, i) => 1_000 + i));
  expect(of("auction").map(({ id }) => id)).toEqual(Array.from({ length: 300 }, (_, i) => 1_000 + i));
  for (const { auction, bidder, price } of of("bid")) {
    expect(auction).toBeGreaterThanOrEqual(1_000);
    expect(auction).toBeLessThanOrEqual(1_000 + 299 + 10);
    expect(bidder).toBeLessThanOrEqual(1_000 + 99 + 10);
    expect(price).toBeGreaterThanOrEqual(100);
    expect(price).toBeLessThan(1e8);
  }
  const hot = of("bid").filter(({ auction }) => (Number(auction) - 1_000) % 100 === 0).length / 4_600;
  expect(hot).toBeGreaterThan(0.47);
  expect(hot).toBeLessThan(0.55);
});
