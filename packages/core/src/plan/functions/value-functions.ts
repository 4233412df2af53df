// Functions over null, lists, maps and structs, and over keys.
import type { ExpressionFunction } from "../../contracts/operator.ts";
import { keyGroupOf } from "../../keyed/key-group.ts";
import type { DataType } from "../../schema.ts";
import { equalValues } from "../../types/compare.ts";
import { nullable, withoutNull } from "../../types/constructors.ts";
import { hashKey } from "../../types/hash.ts";
import { entry, item } from "../expression-runtime.ts";
import { commonType, equalityMode, isUnknown } from "../operator-types.ts";
import { badLiteral, defineFunction, kinds } from "./define-function.ts";

const { any, bool, float64, int32, list, map, struct, string } = kinds;

/** Functions over null, lists, maps, structs and keys. */
export const valueFunctions: readonly ExpressionFunction[] = [
  defineFunction({ name: "coalesce", summary: "The first value that is not null; null where there is none.", nulls: "own", parameters: { value: any }, variadic: true, result: firstType, example: "coalesce(null, 2, 3) // => 2", evaluate: (...values: unknown[]) => values.find((value) => value !== null && value !== undefined) ?? null }),
  defineFunction({ name: "ifNull", summary: "The value, or `otherwise` where it is null: the same as `value ?? otherwise`.", nulls: "own", parameters: { value: any, otherwise: any }, result: firstType, example: 'ifNull(null, "none") // => "none"', evaluate: (value: unknown, otherwise: unknown) => value ?? otherwise ?? null }),
  defineFunction({ name: "isNull", summary: "Whether a value is null or missing: the same as `value == null`.", nulls: "own", parameters: { value: any }, result: bool, example: "isNull(null) // => true", evaluate: (value: unknown) => value === null || value === undefined }),
  defineFunction({ name: "size", summary: "How many items a list, entries a map, or fields that are not null a struct has.", parameters: { value: [list, map, struct] }, result: int32, example: "size([1, 2, 3]) // => 3", evaluate: size }),
  defineFunction({ name: "at", summary: "The item of a list at an index from 0; from -1 backwards it counts from the end. Null where there is none.", parameters: { list, index: float64 }, result: elementType, example: "at([1, 2, 3], -1) // => 3", evaluate: (items: readonly unknown[], index: number) => item(items, index < 0 ? items.length + index : index) }),
  defineFunction({
    name: "has", summary: "Whether a list has a value among its items, a map a key, or a struct a field of that name which is not null.", nulls: "own",
    parameters: { in: [list, map, struct], value: any }, result: (types) => hasType(types), example: 'has(["LAX", "SFO"], "SFO") // => true', evaluate: has,
  }),
  defineFunction({ name: "hash", summary: "The frozen 32-bit hash of a key, from 0 to 4294967295 (docs/types.md): the same on every machine and in every version. Null has a hash, too.", nulls: "own", parameters: { key: any }, result: float64, example: 'hash("hello") // => 613153351', evaluate: hashKey }),
  defineFunction({ name: "keyGroup", summary: "The key group of a key, 0 to 127: its hash modulo 128.", nulls: "own", parameters: { key: any }, result: int32, example: 'keyGroup("LAX") // => 36', evaluate: keyGroupOf }),
  defineFunction({ name: "field", summary: "The field of a struct or record, or entry of a map, whose name is computed. Null where there is none.", parameters: { in: [struct, map], name: string }, result: () => undefined, example: 'field({ a: 1 }, concat("", "a")) // => 1', evaluate: fieldOf }),
];

function firstType(types: readonly (DataType | undefined)[]): DataType | undefined {
  if (types.some(isUnknown)) return undefined;
  const [first, ...rest] = types;
  const common = rest.reduce((type, next) => commonType(type, next), first);
  if (common === undefined) return undefined;
  return types.every((type) => type?.nullable === true) ? nullable(common) : withoutNull(common);
}

function elementType([type]: readonly (DataType | undefined)[]): DataType | undefined {
  return type?.type === "list" && !isUnknown(type.element) ? nullable(type.element) : undefined;
}

function hasType([container, value]: readonly (DataType | undefined)[]): DataType {
  const sought = container?.type === "list" ? container.element : container?.type === "map" ? container.key : container?.type === "struct" ? string : undefined;
  if (equalityMode(sought, value) === undefined) throw badLiteral("has: no item can be equal to the value, for it is of another type");
  return bool;
}

function size(value: readonly unknown[] | ReadonlyMap<unknown, unknown> | Readonly<Record<string, unknown>>): number {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : Object.values(value).filter((member) => member !== null && member !== undefined).length;
}

function has(container: unknown, value: unknown): boolean {
  if (Array.isArray(container)) return container.some((candidate) => equalValues(candidate ?? null, value));
  if (container instanceof Map) return entry(container, value) !== null || container.has(value);
  if (typeof container !== "object" || container === null || typeof value !== "string") return false;
  return Object.hasOwn(container, value) && ((container as Record<string, unknown>)[value] ?? null) !== null;
}

function fieldOf(container: unknown, name: string): unknown {
  if (container instanceof Map) return entry(container, name);
  return Object.hasOwn(container as object, name) ? (container as Record<string, unknown>)[name] : null;
}
