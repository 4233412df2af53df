import type { NumberTable, OperatorContext } from "@streamflow/core";
import { OperatorHarness } from "@streamflow/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { KeyOrder } from "./key-order.ts";

function table(): NumberTable {
  let context: OperatorContext | undefined;
  const shape = { outputs: {}, reads: [], forwards: false, deterministic: true, stateful: true, summary: "" };
  new OperatorHarness({ type: "holder", shape: () => shape, create: (_config: object, given) => ((context = given), { inputs: [] }) }, {});
  return context!.state.numbers("keys", { columns: 1, format: "numbers", isDerived: true });
}

it("keys stand in the order in which they came last; those that have gone give their numbers back (property)", () => {
  const key = fc.oneof(fc.nat(20), fc.nat(500), fc.constantFrom<unknown>("a", "b", null, NaN, true, 2n ** 60n));
  const round = fc.record({ come: fc.array(key, { maxLength: 300 }), go: fc.array(fc.nat(1_000), { maxLength: 40 }), all: fc.boolean() });
  fc.assert(
    fc.property(fc.array(round, { maxLength: 8 }), (rounds) => {
      const keys = new KeyOrder(table());
      let model: unknown[] = [];
      let most = 0;
      for (const { come, go, all } of rounds) {
        for (const one of come) {
          keys.touch(keys.numberOf(one));
          model = [...model.filter((known) => !Object.is(known, one)), one];
        }
        most = Math.max(most, model.length);
        expect(keys.capacity).toBeLessThanOrEqual(most);
        const gone = new Set(all ? model : go.map((at) => model[at]));
        const counts = new Float64Array(keys.capacity);
        for (const one of model) if (!gone.has(one)) counts[keys.numberOf(one)] = 1;
        const [none, alsoNone] = [new Float64Array(keys.capacity), new Float64Array(keys.capacity)];
        model = model.filter((one) => !gone.has(one));
        const numbers = keys.retain([none, counts, alsoNone]);
        expect([...numbers].map(keys.keyAt)).toEqual(model);
        expect(new Set(numbers).size).toBe(model.length);
      }
    }),
  );
});
