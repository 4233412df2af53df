// Whether a schema, which may come from a file, is well formed.
import { StreamFlowError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Schema } from "../schema.ts";
import { formatType } from "./format-type.ts";

const maxTypeDepth = 100;
const maxPrecision = 38;
const memberNames: Readonly<Record<string, readonly string[]>> = {
  bool: [], int32: [], int64: [], float64: [], string: [], bytes: [], timestamp: [], any: [],
  decimal: ["precision", "scale"], list: ["element"], map: ["key", "value"], struct: ["fields"],
};
const unorderedTypes: ReadonlySet<string> = new Set(["any", "map"]);

/**
 * Checks that a value is a well-formed schema and answers it.
 *
 * @throws {@link StreamFlowError} SF_SCHEMA_INVALID naming the path, for an unknown type or member, a doubled or nameless field,
 * a precision or scale out of bounds, a map key that cannot be a key, or more than 100 levels.
 */
export function checkSchema(schema: unknown): Schema {
  check(schema, "schema", 0);
  return schema as Schema;
}

function check(type: unknown, path: string, depth: number): void {
  if (depth > maxTypeDepth) throw malformed(path.slice(0, 100), `is nested deeper than ${maxTypeDepth} levels`);
  if (typeof type !== "object" || type === null || Array.isArray(type)) throw malformed(path, `must be a type, got ${shown(type)}`);
  const members = type as Readonly<Record<string, unknown>>;
  const name = members["type"];
  const allowed = typeof name === "string" && Object.hasOwn(memberNames, name) ? memberNames[name] : undefined;
  if (allowed === undefined) {
    const near = typeof name === "string" ? nearest(name, Object.keys(memberNames)) : undefined;
    throw malformed(`${path}.type`, `is ${shown(name)}, expected one of ${Object.keys(memberNames).join(", ")}`, near);
  }
  for (const member of Object.keys(members)) {
    if (member !== "type" && member !== "nullable" && !allowed.includes(member)) throw malformed(`${path}.${member}`, `is not a member of ${String(name)}`, nearest(member, [...allowed, "nullable"]));
  }
  if (members["nullable"] !== undefined && typeof members["nullable"] !== "boolean") throw malformed(`${path}.nullable`, `must be a boolean, got ${shown(members["nullable"])}`);
  checkMembers(members, path, depth);
}

function checkMembers(members: Readonly<Record<string, unknown>>, path: string, depth: number): void {
  switch (members["type"]) {
    case "decimal": return checkDecimal(members, path);
    case "list": return check(members["element"], `${path}.element`, depth + 1);
    case "map":
      check(members["key"], `${path}.key`, depth + 1);
      checkMapKey(members["key"] as Schema, `${path}.key`);
      return check(members["value"], `${path}.value`, depth + 1);
    case "struct": return checkFields(members["fields"], path, depth);
    default:
  }
}

function checkDecimal(members: Readonly<Record<string, unknown>>, path: string): void {
  const { precision, scale } = members;
  if (!integerWithin(precision, 1, maxPrecision)) throw malformed(`${path}.precision`, `must be an integer from 1 to ${maxPrecision}, got ${shown(precision)}`);
  if (!integerWithin(scale, 0, precision as number)) throw malformed(`${path}.scale`, `must be an integer from 0 to the precision, ${String(precision)}, got ${shown(scale)}`);
}

function checkMapKey(key: Schema, path: string): void {
  if (key.type === "struct") return key.fields.forEach((field) => checkMapKey(field.type, `${path}.${field.name}`));
  if (key.type === "list") return checkMapKey(key.element, `${path}.element`);
  if (unorderedTypes.has(key.type)) throw malformed(path, `is ${formatType(key)}, which cannot be a key`);
}

function checkFields(fields: unknown, path: string, depth: number): void {
  if (!Array.isArray(fields)) throw malformed(`${path}.fields`, `must be a list of { name, type }, got ${shown(fields)}`);
  const names = new Set<string>();
  for (const [index, field] of (fields as readonly unknown[]).entries()) {
    const at = `${path}.fields[${index}]`;
    if (typeof field !== "object" || field === null) throw malformed(at, `must be { name, type }, got ${shown(field)}`);
    const { name, type } = field as { name?: unknown; type?: unknown };
    if (typeof name !== "string" || name === "") throw malformed(`${at}.name`, `must be a name, got ${shown(name)}`);
    if (names.has(name)) throw malformed(at, `is a second field of the name "${name}"`);
    const extra = Object.keys(field).find((member) => member !== "name" && member !== "type");
    if (extra !== undefined) throw malformed(`${at}.${extra}`, "is not a member of a field: a field has a name and a type");
    names.add(name);
    check(type, `${path}.${name}`, depth + 1);
  }
}

function integerWithin(value: unknown, low: number, high: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

function malformed(path: string, what: string, near?: string): StreamFlowError {
  return new StreamFlowError("SF_SCHEMA_INVALID", `${path} ${what}`, near === undefined ? { location: { path } } : { location: { path }, hint: `did you mean "${near}"?` });
}
