import { expectTypeOf } from "vitest";
import type { DataType } from "../schema.ts";
import { type Infer, nullable, t } from "./constructors.ts";

const trade = t.struct({ symbol: t.string(), price: t.float64(), qty: t.int64(), note: nullable(t.string()), tags: t.list(t.struct({ k: t.bytes() })), by: t.map(t.string(), nullable(t.int32())), raw: t.any() });

expectTypeOf<Infer<typeof trade>>().toEqualTypeOf<{
  readonly symbol: string;
  readonly price: number;
  readonly qty: bigint;
  readonly note: string | null;
  readonly tags: readonly { readonly k: Uint8Array }[];
  readonly by: ReadonlyMap<string, number | null>;
  readonly raw: unknown;
}>();
expectTypeOf<Infer<DataType>>().toEqualTypeOf<unknown>();
const schema: DataType = trade;
expectTypeOf(schema).toExtend<DataType>();
