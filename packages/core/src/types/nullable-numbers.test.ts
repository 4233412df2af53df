import { expect, it } from "vitest";
import { rowsOf } from "../record.ts";
import { NullableNumbers } from "./nullable-numbers.ts";

it("keeps numbers and nulls in their places, through growth and use again", () => {
  const numbers = new NullableNumbers(new Float64Array(2), new Uint8Array(2));
  const rows = (length: number): readonly unknown[] => rowsOf({ length, columns: [numbers.column("n", length)] } as unknown as Parameters<typeof rowsOf>[0]);
  numbers.put(0, 1.5);
  numbers.put(1, null);
  numbers.grow(4);
  numbers.put(2, -0);
  numbers.put(3, undefined);
  expect(rows(4)).toEqual([{ n: 1.5 }, { n: null }, { n: -0 }, { n: null }]);
  numbers.put(0, null);
  numbers.put(1, 7);
  expect(rows(2)).toEqual([{ n: null }, { n: 7 }]);
});
