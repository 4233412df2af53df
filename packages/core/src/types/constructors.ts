// Types written in code, and the TypeScript types that follow from them.
import type { DataType, Field, PrimitiveName } from "../schema.ts";

interface Primitive<Name extends PrimitiveName> {
  readonly type: Name;
}

interface StructOf<Fields extends Readonly<Record<string, DataType>>> {
  readonly type: "struct";
  readonly fields: readonly { readonly [Name in keyof Fields & string]: { readonly name: Name; readonly type: Fields[Name] } }[keyof Fields & string][];
}

interface ScalarValues {
  readonly bool: boolean;
  readonly int32: number;
  readonly int64: bigint;
  readonly float64: number;
  readonly string: string;
  readonly bytes: Uint8Array;
  readonly timestamp: number;
  readonly decimal: string;
  readonly any: unknown;
}

/**
 * The JavaScript value of a type.
 *
 * @example
 * ```ts
 * const trade = t.struct({ symbol: t.string(), price: t.float64(), note: nullable(t.string()) });
 * type Trade = Infer<typeof trade>; // { readonly symbol: string; readonly price: number; readonly note: string | null }
 * ```
 */
export type Infer<Type extends DataType> = DataType extends Type
  ? unknown
  : Type extends { readonly nullable: true } ? InferPresent<Type> | null : InferPresent<Type>;

type InferPresent<Type extends DataType> = Type extends { readonly type: "list"; readonly element: infer Element extends DataType }
  ? readonly Infer<Element>[]
  : Type extends { readonly type: "map"; readonly key: infer Key extends DataType; readonly value: infer Value extends DataType }
    ? ReadonlyMap<Infer<Key>, Infer<Value>>
    : Type extends { readonly type: "struct"; readonly fields: readonly (infer Member extends Field)[] }
      ? { readonly [Each in Member as Each["name"]]: Infer<Each["type"]> }
      : ScalarValues[Type["type"] & keyof ScalarValues];

/** Constructors of the types: see {@link t}. */
export interface TypeConstructors {
  bool(): Primitive<"bool">;
  int32(): Primitive<"int32">;
  int64(): Primitive<"int64">;
  float64(): Primitive<"float64">;
  string(): Primitive<"string">;
  bytes(): Primitive<"bytes">;
  timestamp(): Primitive<"timestamp">;
  /** `precision` digits in all, 1 to 38, of which `scale` stand behind the point. */
  decimal(precision: number, scale: number): { readonly type: "decimal"; readonly precision: number; readonly scale: number };
  list<Element extends DataType>(element: Element): { readonly type: "list"; readonly element: Element };
  map<Key extends DataType, Value extends DataType>(key: Key, value: Value): { readonly type: "map"; readonly key: Key; readonly value: Value };
  any(): { readonly type: "any"; readonly nullable: true };
  /** Fields in the order written. */
  struct<const Fields extends Readonly<Record<string, DataType>>>(fields: Fields): StructOf<Fields>;
}

/**
 * Makes types: `t.struct({ symbol: t.string(), qty: t.int32() })`.
 *
 * They are plain data and are not checked here: `checkSchema` does that.
 */
export const t: TypeConstructors = {
  bool: () => ({ type: "bool" }),
  int32: () => ({ type: "int32" }),
  int64: () => ({ type: "int64" }),
  float64: () => ({ type: "float64" }),
  string: () => ({ type: "string" }),
  bytes: () => ({ type: "bytes" }),
  timestamp: () => ({ type: "timestamp" }),
  decimal: (precision, scale) => ({ type: "decimal", precision, scale }),
  list: (element) => ({ type: "list", element }),
  map: (key, value) => ({ type: "map", key, value }),
  any: () => ({ type: "any", nullable: true }),
  struct: <const Fields extends Readonly<Record<string, DataType>>>(fields: Fields) =>
    ({ type: "struct", fields: Object.entries(fields).map(([name, type]) => ({ name, type })) }) as unknown as StructOf<Fields>,
};

/** The same type with null as a further value. */
export function nullable<Type extends DataType>(type: Type): Type & { readonly nullable: true } {
  return { ...type, nullable: true };
}

/** The same type without null. */
export function withoutNull(type: DataType): DataType {
  if (type.nullable !== true) return type;
  const { nullable: _, ...rest } = type;
  return rest;
}
