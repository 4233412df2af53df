import { t, type Schema, type Source, type StructType } from "@streamflow/core";
import { expectTypeOf, it } from "vitest";
import { fileSource } from "./file.ts";
import { stdinSource } from "./stdin.ts";

interface Ride {
  readonly city: string;
  readonly cents: bigint;
  readonly at: number;
}

it("the type of the records follows from the schema", () => {
  const schema = t.struct({ city: t.string(), cents: t.int64(), at: t.timestamp() });
  expectTypeOf(fileSource({ path: "rides.csv", schema })).toEqualTypeOf<Source<Ride>>();
  expectTypeOf(stdinSource({ schema })).toEqualTypeOf<Source<Ride>>();
});

it("without a schema that is known to the compiler it is what the author says, or unknown", () => {
  const schema = t.struct({ city: t.string() });
  expectTypeOf(fileSource({ path: "rides.csv", schema: schema as Schema })).toEqualTypeOf<Source>();
  expectTypeOf(fileSource({ path: "rides.csv", schema: schema as StructType })).toEqualTypeOf<Source<{ readonly [name: string]: unknown }>>();
  expectTypeOf(fileSource({ path: "rides.csv" })).toEqualTypeOf<Source>();
  expectTypeOf(stdinSource()).toEqualTypeOf<Source>();
  expectTypeOf(fileSource<Ride>({ path: "rides.csv" })).toEqualTypeOf<Source<Ride>>();
  expectTypeOf(fileSource<Ride>({ path: "rides.csv", schema })).toEqualTypeOf<Source<Ride>>();
  expectTypeOf(stdinSource<Ride>({ schema })).toEqualTypeOf<Source<Ride>>();
});
