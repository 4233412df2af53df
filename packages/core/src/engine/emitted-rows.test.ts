import { expect, it } from "vitest";
import type { Cursor } from "../contracts/operator.ts";
import { emitRows } from "./emitted-rows.ts";

it("emits each record under its time and key, and leaves the cursor as it was", () => {
  const cursor: Cursor = { timestampMs: 7, key: "before", change: 3, index: 5 };
  const emitted: unknown[] = [];
  const records = { length: 2, columns: [{ name: "a", values: Float64Array.of(1, 2, 3) }, { name: "b", values: ["x", null] }], timestamps: Float64Array.of(10, 20), keyColumn: 1 };
  emitRows(records, cursor, (value) => {
    emitted.push([value, cursor.timestampMs, cursor.key, cursor.change]);
    cursor.key = "moved";
    cursor.index = 99;
  });
  expect(emitted).toEqual([[{ a: 1, b: "x" }, 10, "x", 0], [{ a: 2, b: null }, 20, null, 0]]);
  expect(cursor).toEqual({ timestampMs: 7, key: "before", change: 3, index: 5 });
});
