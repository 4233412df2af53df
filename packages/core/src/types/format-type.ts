// Types as text, and whether two are the same.
import type { DataType, Field } from "../schema.ts";
import { isIdentifier } from "./identifier.ts";

/** A type in short form, as YAML writes it: `string`, `int64?`, `decimal(10, 2)`, `[string]`, `map(string, int64)`, `{ id: int64, note: string? }`. */
export function formatType(type: DataType | undefined): string {
  if (type === undefined) return "unknown";
  return bare(type) + (type.nullable === true ? "?" : "");
}

function bare(type: DataType): string {
  switch (type.type) {
    case "decimal": return `decimal(${type.precision}, ${type.scale})`;
    case "list": return `[${formatType(type.element)}]`;
    case "map": return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case "struct": return type.fields.length === 0 ? "{}" : `{ ${type.fields.map(formatField).join(", ")} }`;
    default: return type.type;
  }
}

function formatField(field: Field): string {
  return `${isIdentifier(field.name) ? field.name : JSON.stringify(field.name)}: ${formatType(field.type)}`;
}

/** Whether two types have the same values: fields in the same order, nullability included. */
export function equalTypes(a: DataType, b: DataType): boolean {
  if (a === b) return true;
  if (a.type !== b.type || (a.nullable === true) !== (b.nullable === true)) return false;
  switch (a.type) {
    case "decimal": return b.type === "decimal" && a.precision === b.precision && a.scale === b.scale;
    case "list": return b.type === "list" && equalTypes(a.element, b.element);
    case "map": return b.type === "map" && equalTypes(a.key, b.key) && equalTypes(a.value, b.value);
    case "struct":
      return b.type === "struct" && a.fields.length === b.fields.length && a.fields.every((field, i) => field.name === b.fields[i]?.name && equalTypes(field.type, b.fields[i].type));
    default: return true;
  }
}
