// Keys in canonical form: equal keys are the same primitive, so that a Map or Set holds them.
//   K1. Strings and numbers are their own canonical form (a string that starts with U+0000 aside).
//   K2. Numbers are equal by value, int64 and float64 alike: 1n is 1, -0 is 0, NaN is NaN.
//   K3. null, undefined and a missing field are one key: null.
//   K4. Bytes, lists and structs become text that starts with U+0000. Fields count in order of name; a null field is the same as a missing one.
import { StreamFlowError } from "../errors.ts";
import type { DataType } from "../schema.ts";
import { fitsInt64 } from "./int64.ts";
import { isScalar } from "./conform.ts";
import { formatType } from "./format-type.ts";
import { describeValue, isPlainObject } from "./value-path.ts";

/** A key in canonical form. */
export type CanonicalKey = string | number | bigint | boolean | null;

/** Larger keys, in bytes of UTF-8, are refused. */
export const maxKeyBytes = 65_536;
const surelySmall = Math.floor(maxKeyBytes / 3);
const maxKeyDepth = 32;

/**
 * Makes the function that brings keys of a type (undefined: of any) into canonical form. Strings and numbers cost a few nanoseconds.
 *
 * @throws {@link StreamFlowError} SF_KEY_INVALID, from `keyOf` where the type is or holds a map; from the function for a value that is not of
 * the type, an object where the type is `any`, a Map or an instance of a class, and a key larger than 64 KiB.
 */
export function keyOf(type?: DataType): (key: unknown) => CanonicalKey {
  if (type === undefined) return canonicalKey;
  checkKeyType(type);
  switch (type.type) {
    case "string": return (key) => (typeof key === "string" ? textKey(key) : absent(key, type));
    case "int32": return (key) => (typeof key === "number" && (key | 0) === key ? key : absent(key, type));
    case "float64": return (key) => (typeof key === "number" ? key : absent(key, type));
    case "any": return (key) => (typeof key === "object" && key !== null ? refuse(key, "an object of type any") : canonicalKey(key));
    case "int64": return (key) => (typeof key === "bigint" || typeof key === "number" ? wholeKey(key, type) : absent(key, type));
    default: return (key) => (key !== null && key !== undefined && isScalar(key, type) ? canonicalKey(key) : absent(key, type));
  }
}

/** The canonical form of a key whose type is not known. */
export function canonicalKey(key: unknown): CanonicalKey {
  switch (typeof key) {
    case "string": return textKey(key);
    case "number":
    case "boolean": return key;
    case "undefined": return null;
    case "bigint": return bigKey(key);
    case "object": return key === null ? null : limited(`\0${write(key, 0)}`);
    default: return refuse(key, describeValue(key));
  }
}

/** @throws {@link StreamFlowError} SF_KEY_INVALID where no key can be of this type: it is or holds a map. */
export function checkKeyType(type: DataType): void {
  if (type.type === "map") throw new StreamFlowError("SF_KEY_INVALID", `${formatType(type)} cannot be a key`, { hint: "key by a field of a scalar type, or by a struct of such fields" });
  if (type.type === "list") checkKeyType(type.element);
  if (type.type === "struct") for (const field of type.fields) checkKeyType(field.type);
}

function textKey(key: string): string {
  if (key.charCodeAt(0) === 0) return limited(`\0${writeText(key)}`);
  return key.length <= surelySmall ? key : limited(key);
}

function limited(text: string): string {
  if (text.length > surelySmall && (text.length > maxKeyBytes || Buffer.byteLength(text) > maxKeyBytes)) {
    throw new StreamFlowError("SF_KEY_INVALID", `a key may have ${maxKeyBytes} bytes, got ${Buffer.byteLength(text)}`, { hint: "key by a hash of the text, or by a shorter field" });
  }
  return text;
}

/** Whole numbers that float64 holds exactly are numbers in canonical form, the rest stay bigints. */
function bigKey(key: bigint): CanonicalKey {
  if (!fitsInt64(key)) return refuse(key, `${describeValue(key)} (beyond 64 bits)`);
  const number = Number(key);
  return Number.isSafeInteger(number) || BigInt(number) === key ? number : key;
}

function wholeKey(key: bigint | number, type: DataType): CanonicalKey {
  if (typeof key === "bigint") return bigKey(key);
  return Number.isSafeInteger(key) ? key : refuse(key, `${describeValue(key)}, expected ${formatType(type)}`);
}

function absent(key: unknown, type: DataType): null {
  return key === null || key === undefined ? null : refuse(key, `${describeValue(key)}, expected ${formatType(type)}`);
}

function refuse(_key: unknown, what: string): never {
  throw new StreamFlowError("SF_KEY_INVALID", `a key is ${what}`, { hint: "a key is a string, number, bigint, boolean, null, bytes, or a list or plain object of these" });
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case "string": return writeText(value);
    case "number": return `d${String(value)};`;
    case "boolean": return value ? "t" : "f";
    case "undefined": return "n";
    case "bigint": {
      const canonical = bigKey(value);
      return typeof canonical === "number" ? write(canonical, depth) : `i${value.toString()};`;
    }
    case "object": return value === null ? "n" : writeObject(value, depth);
    default: return refuse(value, describeValue(value));
  }
}

function writeText(text: string): string {
  return `s${text.length}:${text}`;
}

function writeObject(value: object, depth: number): string {
  if (depth > maxKeyDepth) return refuse(value, `nested deeper than ${maxKeyDepth} levels`);
  if (value instanceof Uint8Array) return `b${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")};`;
  if (Array.isArray(value)) {
    let text = "[";
    for (let i = 0; i < value.length; i++) text += write(value[i], depth + 1);
    return `${text}]`;
  }
  if (!isPlainObject(value)) return refuse(value, describeValue(value) === "an object" ? "an instance of a class" : describeValue(value));
  let text = "{";
  for (const name of Object.keys(value).sort()) {
    const member = value[name];
    if (member !== null && member !== undefined) text += writeText(name) + write(member, depth + 1);
  }
  return `${text}}`;
}
