import { expect, it } from "vitest";
import { InHand, Origin } from "./in-hand.ts";

it("a batch is over when everyone who needed it has left, once", () => {
  let overs = 0;
  const origin = new Origin({} as never, {} as never, () => void overs++);
  origin.keep();
  origin.keep();
  expect(origin.isKept).toBe(true);
  for (const expected of [0, 0, 1]) {
    origin.leave();
    expect(overs).toBe(expected);
  }
  expect(origin.wasKept).toBe(true);
});

it("tells dead letters and sinks what comes now, and that nothing does", () => {
  const told: unknown[] = [];
  const tell = (...given: readonly unknown[]): void => void told.push(given);
  const inHand = new InHand([{ enter: tell } as never], { enter: tell } as never);
  const [task, batch] = [{ shard: "p:in/0" }, {}];
  inHand.take(new Origin(task as never, batch as never, () => undefined), "/.1");
  expect(told).toEqual([[task, batch, "/.1"], [batch, "p:in/0", "/.1"]]);
  expect(inHand.item).toBe("/.1");
  inHand.take();
  expect(told.slice(2)).toEqual([[undefined, undefined, ""], [undefined, undefined, ""]]);
  expect(inHand.origin).toBe(undefined);
});
