import { nullable, StreamFlowError, t, type DataType } from "@streamflow/core";
import { describe, expect, it } from "vitest";
import { CopyBuffer } from "./postgres-binary.ts";
import { columnType, columnWriter, type PostgresType } from "./postgres-values.ts";

const target = (base: string, more: Partial<PostgresType> = {}): PostgresType => ({ name: base, base, kind: "b", modifier: -1, oid: 0, ...more });

/** Of each value whether the column takes it. */
function taken(to: PostgresType, values: readonly unknown[], type?: DataType): readonly boolean[] {
  const write = columnWriter({ name: "c", type, nullable: false, target: to });
  return values.map((value) => {
    try {
      write?.(value, new CopyBuffer(8));
      return write !== undefined;
    } catch (error) {
      expect(StreamFlowError.is(error, "SF_SCHEMA_VIOLATION"), String(error)).toBe(true);
      return false;
    }
  });
}

it("each type has a column", () => {
  const types = [t.bool(), t.int32(), t.int64(), t.float64(), t.decimal(10, 2), t.string(), t.bytes(), t.timestamp(), t.list(t.string()), t.list(t.any()), t.struct({}), t.map(t.string(), t.any()), t.any()];
  expect(types.map(columnType)).toEqual(["boolean", "integer", "bigint", "double precision", "numeric(10, 2)", "text", "bytea", "timestamptz", "text[]", "jsonb", "jsonb", "jsonb", "jsonb"]);
});

describe("a column takes what it can hold unchanged, and nothing else", () => {
  it.each<[string, PostgresType, readonly unknown[], readonly unknown[]]>([
    ["boolean", target("bool"), [true, false], [1, "true", null, undefined]],
    ["smallint", target("int2"), [-32_768, 32_767, 5n], [32_768, -32_769, 0.5, "1"]],
    ["integer", target("int4"), [2 ** 31 - 1, -(2 ** 31)], [2 ** 31, 2n ** 40n, Number.NaN]],
    ["bigint", target("int8"), [2n ** 63n - 1n, 5], [2n ** 63n, 2 ** 53, 0.1]],
    ["double precision", target("float8"), [0.1, Number.NaN, -0], [1n, "1"]],
    ["numeric", target("numeric"), ["1.5", "-0.000001", 3n, 0.1, 1e21], ["one", Number.NaN, true]],
    ["numeric(4, 1)", target("numeric", { modifier: (4 << 16) + 1 + 4 }), ["999.9", 1.5], ["1000", "0.05", "1e3"]],
    ["numeric(2, -1)", target("numeric", { modifier: (2 << 16) + (-1 & 0x7ff) + 4 }), ["150", "990", "0", "-20"], ["15", "1000", "10.5"]],
    ["text", target("text"), ["", "ü"], ["a\0", "\ud800", 1, {}]],
    ["varchar(2)", target("varchar", { modifier: 6 }), ["ab", "💧💧"], ["abc"]],
    ["bytea", target("bytea"), [Uint8Array.of(1)], ["x", [1]]],
    ["timestamptz", target("timestamptz"), [0, -210_866_803_200_000, 8.64e15], [0.5, -210_866_803_200_001, "2020", 1n]],
    ["uuid", target("uuid"), ["123e4567e89b12d3a456426614174000", "123E4567-E89B-12D3-A456-426614174000"], ["123", 5]],
    ["jsonb", target("jsonb"), [{ a: 1 }, "text", 5, "\\u0000"], ["a\0b", ["\ud800"], "\\\0"]],
    ["json", target("json"), [{ a: "\0" }], []],
    ["an enumeration", target("mood", { kind: "e" }), ["sad"], [1]],
    ["integer[]", target("_int4", { element: target("int4", { oid: 23 }) }), [[], [1, null]], [[0.5], 1, "{1}"]],
    ["point", target("point"), [], ["(1,2)", [1, 2]]],
  ])("%s", (_, to, fits, others) => {
    expect(taken(to, fits)).toEqual(fits.map(() => true));
    expect(taken(to, others)).toEqual(others.map(() => false));
  });

  it("null where it may be null", () => {
    const write = columnWriter({ name: "c", type: nullable(t.int32()), nullable: true, target: target("int4") });
    const out = new CopyBuffer(8);
    for (const value of [null, undefined]) write?.(value, out);
    expect(Buffer.from(out.written).toString("hex")).toBe("ffffffffffffffff");
  });
});
