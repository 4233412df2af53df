// The type model: what a record may be made of. Plain data; behaviour over it lives in types/.

/** Types without parameters. */
export type PrimitiveName = "bool" | "int32" | "int64" | "float64" | "string" | "bytes" | "timestamp";

/**
 * A type of the model, as plain data. Its JavaScript value:
 *
 * | type | value | notes |
 * |---|---|---|
 * | bool | boolean | |
 * | int32 | number | integer, −2³¹ … 2³¹−1 |
 * | int64 | bigint | exact, −2⁶³ … 2⁶³−1 |
 * | float64 | number | NaN and −0 are values |
 * | decimal | string | canonical: no exponent, exactly `scale` fraction digits, never "-0" |
 * | string | string | |
 * | bytes | Uint8Array | |
 * | timestamp | number | UTC epoch milliseconds, an integer within ±8.64e15 |
 * | list | readonly array | |
 * | struct | plain object with exactly the declared fields | a nullable field may be missing: it reads as null |
 * | map | Map | keys of any key type |
 * | any | any JSON value | not checked; cannot be a key |
 *
 * `nullable: true` adds `null`. `undefined` is never a value: a missing field reads as null.
 */
export type DataType =
  | { readonly type: PrimitiveName; readonly nullable?: boolean }
  | { readonly type: "decimal"; readonly precision: number; readonly scale: number; readonly nullable?: boolean }
  | { readonly type: "list"; readonly element: DataType; readonly nullable?: boolean }
  | { readonly type: "map"; readonly key: DataType; readonly value: DataType; readonly nullable?: boolean }
  | { readonly type: "any"; readonly nullable?: boolean }
  | StructType;

/** A record type: named fields in a fixed order. */
export interface StructType {
  readonly type: "struct";
  readonly fields: readonly Field[];
  readonly nullable?: boolean;
}

/** A named field of a struct. */
export interface Field {
  readonly name: string;
  readonly type: DataType;
}

/** A schema is the type of a whole record. `undefined` stands for "unknown" wherever a schema is optional. */
export type Schema = DataType;
