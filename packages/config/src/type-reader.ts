// Data types written in YAML: lists and mappings as such, everything else as text.
import { StreamFlowError, type DataType, type Field } from "@streamflow/core";
import type { ConfigNode, MapEntry } from "./document.ts";
import type { Problems } from "./problems.ts";
import { parseDataType } from "./schema.ts";

/** Reads a type; undefined where it is wrong, with the reason in `problems`. */
export function readDataType(node: ConfigNode, path: string, problems: Problems): DataType | undefined {
  switch (node.kind) {
    case "list":
      return readList(node, path, problems);
    case "map": {
      const fields = node.entries.map((entry) => readField(entry, path, problems));
      const known = fields.filter((field) => field !== undefined);
      const names = new Set<string>();
      for (const [index, field] of fields.entries()) {
        if (field === undefined) continue;
        if (names.has(field.name)) problems.add(node.entries[index]?.namePlace ?? node.place, path, `the field ${JSON.stringify(field.name)} is given twice`);
        names.add(field.name);
      }
      return known.length === fields.length && names.size === fields.length ? { type: "struct", fields: known } : undefined;
    }
    case "scalar":
      try {
        if (typeof node.value !== "string") throw new StreamFlowError("SF_SCHEMA_INVALID", `expected a type, got ${node.text === "" ? "nothing" : node.text}`);
        return parseDataType(node.text);
      } catch (thrown) {
        const column = StreamFlowError.is(thrown) ? (thrown.location?.column ?? 1) : 1;
        problems.addThrown(thrown, { place: node.placeAt(column - 1), path });
        return undefined;
      }
  }
}

function readList(node: ConfigNode & { kind: "list" }, path: string, problems: Problems): DataType | undefined {
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
