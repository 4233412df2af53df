import fc from "fast-check";
import { expect, it } from "vitest";
import { TimeHeap } from "./time-heap.ts";

const step = fc.oneof(
  fc.tuple(fc.constant("add"), fc.nat(20), fc.nat(3)),
  fc.tuple(fc.constant("remove"), fc.nat(20), fc.nat(3)),
  fc.tuple(fc.constant("take"), fc.constant(0), fc.constant(0)),
);

it("gives the least time first, with its namespaces ascending, like a sorted list", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const heap = new TimeHeap();
      const model = new Map<number, Set<number>>();
      for (const [what, time, namespace] of steps) {
        if (what === "add") {
          heap.add(time, namespace);
          model.set(time, (model.get(time) ?? new Set()).add(namespace));
        } else if (what === "remove") {
          heap.remove(time, namespace);
          model.get(time)?.delete(namespace);
        } else if (!heap.isEmpty) {
          const least = Math.min(...model.keys());
          expect(heap.next).toBe(least);
          expect(heap.take()).toEqual([...(model.get(least) ?? [])].sort((a, b) => a - b));
          model.delete(least);
        }
        expect(heap.next).toBe(model.size === 0 ? Infinity : Math.min(...model.keys()));
        expect(heap.isEmpty).toBe(model.size === 0);
      }
    }),
  );
});

it("takes times of all kinds: below zero, fractions, and a namespace without an end", () => {
  const heap = new TimeHeap();
  for (const time of [0.5, -3, 8.64e15, 0]) heap.add(time, Infinity);
  heap.add(0, -1);
  const taken: unknown[] = [];
  while (!heap.isEmpty) taken.push([heap.next, heap.take()]);
  expect(taken).toEqual([[-3, [Infinity]], [0, [-1, Infinity]], [0.5, [Infinity]], [8.64e15, [Infinity]]]);
});
