// The record that aggregating stages emit: key fields and results by name.
import { type Field, type KeyShape, StreamFlowError, type StructType } from "@streamflow/core";

const anyType = { type: "any", nullable: true } as const;

/** Names under which a key stands in results: those of the fields it was read from, else "key". */
export function keyNames(key: KeyShape | undefined): readonly string[] {
  return key?.fields ?? ["key"];
}

function isStructKey(key: KeyShape | undefined): boolean {
  return key?.fields !== undefined && (key.fields.length !== 1 || key.type?.type === "struct");
}

/** Writes a key into a result record. */
export function keyWriter(shape: KeyShape | undefined): (key: unknown, into: Record<string, unknown>) => void {
  const names = keyNames(shape);
  const [single = "key"] = names;
  if (!isStructKey(shape)) return (key, into) => void (into[single] = key);
  return (key, into) => {
    for (const name of names) into[name] = (key as Record<string, unknown> | null)?.[name] ?? null;
  };
}

/**
 * The type of a result record.
 * @throws {@link StreamFlowError} SF_PLAN_INVALID where two fields would have one name.
 */
export function resultSchema(leading: readonly Field[], key: KeyShape | undefined, results: readonly Field[]): StructType {
  const keyFields = keyNames(key).map((name): Field => {
    if (!isStructKey(key)) return { name, type: key?.type ?? anyType };
    const declared = key?.type?.type === "struct" ? key.type.fields.find((field) => field.name === name) : undefined;
    return declared ?? { name, type: anyType };
  });
  const fields = [...leading, ...keyFields, ...results];
  const double = fields.find((field, at) => fields.findIndex((other) => other.name === field.name) < at);
  if (double !== undefined) throw new StreamFlowError("SF_PLAN_INVALID", `two fields of the result are named "${double.name}"`, { hint: "give the result another name" });
  return { type: "struct", fields };
}
