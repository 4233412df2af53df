import { t as types } from "@streamflow/core";
import { expect, it } from "vitest";
import { BlockBuilder } from "./block-builder.ts";
import { blockBefore, offsetAt } from "./record-block.ts";
import { fieldValues, partsOf, type RecordFieldName, valueProjection, wantedFields, withFields } from "./record-fields.ts";

const fields = { key: "airport", offset: "at", headers: "meta" } as const;

it("wants of a message what the plan reads", () => {
  expect(wantedFields(fields, "all")).toEqual(fields);
  expect(wantedFields(fields, [["airport"], ["price"]])).toEqual({ key: "airport" });
  expect(wantedFields(fields, [[]])).toEqual(fields);
  expect(valueProjection(fields, [["airport"], ["price"], ["meta", "x"]])).toEqual([["price"]]);
  expect(valueProjection(fields, "all")).toBe("all");
  expect([partsOf(fields), partsOf({ offset: "at" })]).toEqual([{ keys: true, headers: true }, { keys: false, headers: false }]);
});

it("the schema has the fields behind those of the value", () => {
  const schema = withFields(types.struct({ price: types.float64() }), fields);
  expect((schema as { readonly fields: readonly { readonly name: string }[] }).fields.map(({ name }) => name)).toEqual(["price", "airport", "at", "meta"]);
  expect(withFields(undefined, fields)).toBeUndefined();
});

function block(): NonNullable<ReturnType<BlockBuilder["build"]>> {
  const builder = new BlockBuilder(2n ** 60n, { keys: true, headers: true });
  builder.addBuffers({ offset: 0, timestampMs: 5, headers: { a: "1" } }, Buffer.from("é"), Buffer.from("x"));
  builder.addBuffers({ offset: 3, timestampMs: 6 }, null, null);
  builder.addBuffers({ offset: 4, timestampMs: 7 }, new Uint8Array(0), new Uint8Array(0));
  return builder.build({ nextOffset: 2n ** 60n + 5n, endOffset: 2n ** 60n + 9n })!;
}

it("values of fields: exact offsets, null for no key, an empty key for an empty one", () => {
  const places = Int32Array.of(0, 1, 2);
  const values = (name: RecordFieldName): readonly unknown[] => [...fieldValues(name, { block: block(), partition: "a-b-7", places }) as unknown[]];
  expect(values("offset")).toEqual([2n ** 60n, 2n ** 60n + 3n, 2n ** 60n + 4n]);
  expect(values("key")).toEqual(["é", null, ""]);
  expect(values("topic")).toEqual(["a-b", "a-b", "a-b"]);
  expect(values("partition")).toEqual([7, 7, 7]);
  expect(values("timestamp")).toEqual([5, 6, 7]);
  expect(values("headers")).toEqual([new Map([["a", "1"]]), new Map(), new Map()]);
});

it("a block packs values with a line end after each, and knows null from empty", () => {
  const { values, byteLength, length } = block();
  expect(length).toBe(3);
  expect([...values.starts.subarray(0, 3)]).toEqual([0, -1, 2]);
  expect([...values.ends.subarray(0, 3)]).toEqual([1, -1, 2]);
  expect(Buffer.from(values.bytes.subarray(0, values.length)).toString()).toBe("x\n\n");
  expect(byteLength).toBeGreaterThan(values.length);
  expect(new BlockBuilder(0n, { keys: false, headers: false }).build({ nextOffset: 1n, endOffset: 1n })).toBeUndefined();
});

it("grows as far as records come, and is cut before an offset", () => {
  const builder = new BlockBuilder(10n, { keys: false, headers: false });
  const texts = Array.from({ length: 500 }, (_, i) => "v".repeat(i % 70) + i);
  texts.forEach((text, i) => builder.addBuffers({ offset: i * 2, timestampMs: i }, null, Buffer.from(text)));
  const whole = builder.build({ nextOffset: 1_010n, endOffset: 1_010n })!;
  const textAt = (i: number): string => Buffer.from(whole.values.bytes.subarray(whole.values.starts[i], whole.values.ends[i])).toString();
  expect(texts.every((text, i) => textAt(i) === text)).toBe(true);
  expect([offsetAt(whole, 499), whole.timestamps[499]]).toEqual([1_008n, 499]);
  expect(blockBefore(whole, undefined)).toBe(whole);
  expect(blockBefore(whole, 1_009n)).toBe(whole);
  expect(blockBefore(whole, 1_008n)).toMatchObject({ length: 499, nextOffset: 1_008n });
  expect(blockBefore(whole, 13n)).toMatchObject({ length: 2, nextOffset: 13n, values: { length: "0".length + 1 + "v1".length + 1 } });
  expect(blockBefore(whole, 10n)).toBeUndefined();
});
