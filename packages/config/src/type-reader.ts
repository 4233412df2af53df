// Data types written in YAML: lists and mappings as such, everything else as text.
import { StreamFlowError, type DataType, type Field } from "@streamflow/core";
import type { ConfigNode, ListNode, MapEntry, MapNode, ScalarNode } from "./document.ts";
import type { Problems } from "./problems.ts";
import { parseDataType } from "./schema.ts";

/** Reads a type; undefined where it is wrong, with the reason in `problems`. */
export function readDataType(node: ConfigNode, path: string, problems: Problems): DataType | undefined {
  switch (node.kind) {
    case "list":
      return readList(node, path, problems);
    case "map":
      return readStruct(node, path, problems);
    case "scalar":
      return readText(node, path, problems);
  }
}

function readText(node: ScalarNode, path: string, problems: Problems): DataType | undefined {
  try {
    if (typeof node.value !== "string") throw new StreamFlowError("SF_SCHEMA_INVALID", `expected a type, got ${node.text === "" ? "nothing" : node.text}`);
    return parseDataType(node.text);
  } catch (thrown) {
    const column = StreamFlowError.is(thrown) ? (thrown.location?.column ?? 1) : 1;
    const at = { place: node.placeAt(column - 1), path };
    // In a flow mapping YAML ends the value at the comma, before the type is complete.
    const cut = StreamFlowError.is(thrown) && /\([^)]*$/.test(node.text);
    if (cut) problems.addAs("SF_SCHEMA_INVALID", at, { message: thrown.message, hint: 'inside { } and [ ] a type with a comma needs quotes: "decimal(10, 2)"' });
    else problems.addThrown(thrown, at);
    return undefined;
  }
}

function readStruct(node: MapNode, path: string, problems: Problems): DataType | undefined {
  const fields: Field[] = [];
  const names = new Set<string>();
  for (const entry of node.entries) {
    const field = readField(entry, path, problems);
    if (field !== undefined && names.has(field.name)) {
      problems.addAs("SF_SCHEMA_INVALID", { place: entry.namePlace, path }, { message: `the field ${JSON.stringify(field.name)} is given twice`, hint: undefined });
    } else if (field !== undefined) {
      names.add(field.name);
      fields.push(field);
    }
  }
  return fields.length === node.entries.length ? { type: "struct", fields } : undefined;
}

function readList(node: ListNode, path: string, problems: Problems): DataType | undefined {
  const [item] = node.items;
  if (item === undefined || node.items.length > 1) {
    problems.addAs("SF_SCHEMA_INVALID", { place: node.place, path }, { message: `expected one type inside [ ], got ${node.items.length}`, hint: "a list of strings is [string]" });
    return undefined;
  }
  const element = readDataType(item, `${path}[0]`, problems);
  return element === undefined ? undefined : { type: "list", element };
}

function readField(entry: MapEntry, path: string, problems: Problems): Field | undefined {
  const nullable = entry.name.endsWith("?");
  const name = nullable ? entry.name.slice(0, -1) : entry.name;
  const type = readDataType(entry.value, `${path}.${name}`, problems);
  if (type === undefined) return undefined;
  return { name, type: nullable ? { ...type, nullable: true } : type };
}
