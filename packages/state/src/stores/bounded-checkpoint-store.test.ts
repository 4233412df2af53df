import { MemoryCheckpointStore } from "@streamflow/core/testing";
import { nextTurn } from "@streamflow/core/node";
import { expect, it } from "vitest";
import { AtMost, boundedCheckpointStore } from "./bounded-checkpoint-store.ts";

it("does at most so much at once, in order, and goes on behind what fails", async () => {
  const atMost = new AtMost(3);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = Array.from({ length: 8 }, (_, i) =>
    atMost.run(async () => {
      begun.push(i);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (i % 2 === 0) throw new Error(String(i));
      return i;
    }),
  );
  const outcome = Promise.allSettled(all);
  for (let done = 0; done < 8; done++) {
    await nextTurn();
    expect(begun).toEqual([...Array(Math.min(8, done + 3)).keys()]);
    ends[done]?.();
  }
  expect((await outcome).map((one) => one.status)).toEqual(Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? "rejected" : "fulfilled")));
  expect(await atMost.run(() => Promise.resolve("again"))).toBe("again");
});

it("the store behind it is asked for everything", async () => {
  const rested: string[] = [];
  const memory = Object.assign(new MemoryCheckpointStore(), { rest: (pipeline: string) => rested.push(pipeline) });
  const store = boundedCheckpointStore(memory, 2);
  store.rest?.("p");
  expect(rested).toEqual(["p"]);
  await store.fence("p", [{ shard: "k:0", generation: 1 }]);
  const [segment, gone] = await Promise.all([1, 2].map((byte) => store.writeSegment("p", Uint8Array.of(byte))));
  const manifest = { formatVersion: 1, shard: "k:0", generation: 1, positions: {}, progress: {}, state: [] } as const;
  for (const epoch of [1, 2]) await store.publish("p", { epoch, createdMs: 0, plan: {}, manifests: [{ ...manifest, epoch }], prepared: { out: segment! } });
  expect(await store.readSegment("p", segment!)).toEqual(Uint8Array.of(1));
  await store.prune("p", 1, []);
  expect((await store.list("p")).map(({ epoch }) => epoch)).toEqual([2]);
  expect(await store.pipelines()).toEqual(["p"]);
  await store.discard?.("p", [gone!]);
  await expect(store.readSegment("p", gone!)).rejects.toMatchObject({ code: "SF_STATE_CORRUPT" });
  await store.close();
});
