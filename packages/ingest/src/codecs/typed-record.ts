// Records of a declared schema: exactly the wanted fields, in the schema's order, as the type's JavaScript values.
import { StreamFlowError, type DataType, type StructType } from "@streamflow/core";
import { wantedField, type Wanted } from "./projection.ts";

/**
 * A JSON value as a value of `type`, with only the wanted fields of structs.
 * @throws {@link StreamFlowError} SF_TYPE_MISMATCH, naming the path.
 */
export function typedValue(value: unknown, type: DataType, wanted: Wanted): unknown {
  return coerceJson(wanted === "all" ? type : narrowed(type, wanted), value);
}

/** The type of what is wanted of a type. */
export function narrowed(type: DataType, wanted: Wanted): DataType {
  if (wanted === "all" || type.type !== "struct") return type;
  const fields = type.fields.flatMap((field) => {
    const inner = wantedField(wanted, field.name);
    return inner === undefined ? [] : [{ name: field.name, type: narrowed(field.type, inner) }];
  });
  return { ...type, fields } satisfies StructType;
}

function coerceJson(type: DataType, value: unknown, path = ""): unknown {
  if (value === null || value === undefined) {
    if (type.nullable === true || type.type === "any") return null;
    throw mismatch(type, value, path);
  }
  switch (type.type) {
    case "any":
      return value;
    case "string":
      if (typeof value === "string") return value;
      break;
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "float64":
      if (typeof value === "number" || typeof value === "bigint") return Number(value);
      break;
    case "int32":
      if (typeof value === "number" && (value | 0) === value) return value | 0;
      break;
    case "int64":
      if (typeof value === "bigint" || Number.isSafeInteger(value)) return BigInt.asIntN(64, BigInt(value as number));
      break;
    case "timestamp":
      if (Number.isInteger(value)) return value;
      break;
    case "list":
      if (Array.isArray(value)) return value.map((element, i) => coerceJson(type.element, element, `${path}[${i}]`));
      break;
    case "struct":
      if (typeof value === "object" && !Array.isArray(value)) return Object.fromEntries(type.fields.map((field) => [field.name, coerceJson(field.type, Object.hasOwn(value, field.name) ? (value as Record<string, unknown>)[field.name] : undefined, `${path}.${field.name}`)]));
      break;
    case "bytes":
    case "decimal":
    case "map":
      break;
  }
  throw mismatch(type, value, path);
}

function mismatch(type: DataType, value: unknown, path: string): StreamFlowError {
  return new StreamFlowError("SF_TYPE_MISMATCH", `${path || "value"} is not of type ${type.type}: ${String(value)}`);
}
