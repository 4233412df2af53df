import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeAll } from "../testing/decode-all.ts";
import { lines } from "./lines.ts";

const decode = (input: string | Uint8Array, cuts: readonly number[] = [], maxRecordBytes = 100): ReturnType<typeof decodeAll> => decodeAll(lines().create({ projection: "all", maxRecordBytes }), Buffer.from(input), cuts);

it("each line is a record, blank ones too; a byte order mark is none", () => {
  expect(decode("\ufeffa\r\n\nb c\nlast").items).toEqual(["a", "", "b c", "last"]);
  expect(decode("").items).toEqual([]);
});

it("invalid UTF-8 and too long lines are rejected alone", () => {
  expect(decode(Buffer.concat([Buffer.from("a\n"), Buffer.from([0xff, 0x0a]), Buffer.from(`${"x".repeat(101)}\nb\n`)])).items).toEqual(["a", "!SF_CODEC_DECODE", "!SF_RECORD_TOO_LARGE", "b"]);
});

it("DEC-2: where the input is cut changes nothing", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", "\r", "\r\n", "xxxxxxxx"), maxLength: 60 });
  fc.assert(
    fc.property(text, fc.array(fc.nat(200), { maxLength: 5 }), fc.constantFrom(3, 20, 1000), (input, cuts, most) => {
      expect(decode(input, cuts, most)).toEqual(decode(input, [], most));
    }),
    { numRuns: 500 },
  );
});

it("SF_SCHEMA_INVALID: lines are strings", () => {
  expect(() => lines().create({ projection: "all", maxRecordBytes: 1, schema: { type: "int32" } })).toThrow(expect.objectContaining({ code: "SF_SCHEMA_INVALID" }));
});
