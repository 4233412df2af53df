// Reference docs of components, from the same specs that parse them.
import type { ComponentKind, ComponentSpec, ConfigField, ConfigType, Registry } from "@streamflow/core";
import { formatDuration } from "./duration.ts";
import { matchType, type TypeCases } from "./config-type.ts";
import { formatSize } from "./size.ts";
import { pipelineFields, sourceFields } from "./spec.ts";

const chapters: readonly { readonly kind: ComponentKind; readonly title: string }[] = [
  { kind: "source", title: "Sources" },
  { kind: "stage", title: "Stages" },
  { kind: "sink", title: "Sinks" },
  { kind: "decoder", title: "Decoders" },
  { kind: "encoder", title: "Encoders" },
];

/** Writes the reference of all components of a registry, and of the fields around them, as Markdown. */
export function referenceDocs(registry: Registry): string {
  const parts = ["# Components", "## Pipeline", "Every entry has a `type`, and may have an `id`; stages and sinks say with `from` what they read, unless it is the entry before them.", fieldTable(pipelineFields)];
  for (const { kind, title } of chapters) {
    const specs = registry.components(kind) as readonly ComponentSpec[];
    if (specs.length === 0) continue;
    const common = kind === "source" ? ["Besides its own fields every source may have:", fieldTable(sourceFields)] : [];
    parts.push(`## ${title}`, ...common, ...specs.map(componentDocs));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Writes the reference of one component as Markdown: a heading, its summary, its fields, its example. */
export function componentDocs(spec: ComponentSpec): string {
  const fields = Object.keys(spec.fields).length === 0 ? "It has no fields." : fieldTable(spec.fields);
  return [`### ${spec.type}`, spec.summary, fields, `\`\`\`yaml\n${spec.example.trim()}\n\`\`\``].join("\n\n");
}

function fieldTable(fields: Readonly<Record<string, ConfigField>>): string {
  const rows = Object.entries(fields).flatMap(([name, field]) => fieldRows(name, field));
  return ["| Field | Type | Default | Meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** A field, and under it the fields inside it. */
function fieldRows(name: string, field: ConfigField): readonly string[] {
  const secret = field.secret === true ? " A secret: write `${NAME}` or `${file:path}`." : "";
  const given = field.default === undefined ? (field.required === true ? "required" : "–") : `\`${field.default}\``;
  const row = `| \`${name}\` | ${cell(typeText(field.type))} | ${cell(given)} | ${cell(field.doc + secret)} |`;
  const inner = innerFields(field.type);
  return [row, ...Object.entries(inner.fields).flatMap(([inside, one]) => fieldRows(`${name}${inner.step}.${inside}`, one))];
}

interface InnerFields {
  readonly step: string;
  readonly fields: Readonly<Record<string, ConfigField>>;
}

function innerFields(type: ConfigType): InnerFields {
  switch (type.kind) {
    case "object":
      return { step: "", fields: type.fields };
    case "list":
      return { ...innerFields(type.item), step: `[]${innerFields(type.item).step}` };
    case "map":
      return { ...innerFields(type.value), step: `.*${innerFields(type.value).step}` };
    case "either":
      return type.options.map(innerFields).find(({ fields }) => Object.keys(fields).length > 0) ?? { step: "", fields: {} };
    default:
      return { step: "", fields: {} };
  }
}

function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`).replaceAll("\n", " ");
}

function typeText(type: ConfigType): string {
  return matchType(type, typeTexts);
}

const typeTexts: TypeCases<string> = {
  string: ({ oneOf }) => (oneOf === undefined ? "string" : oneOf.map((word) => `\`${word}\``).join(", ")),
  integer: ({ min, max }) => `integer${range(min, max)}`,
  number: ({ min, max }) => `number${range(min, max)}`,
  boolean: () => "boolean",
  duration: ({ minMs }) => `duration${range(minMs === undefined ? undefined : formatDuration(minMs), undefined)}`,
  size: ({ minBytes }) => `size${range(minBytes === undefined ? undefined : formatSize(minBytes), undefined)}`,
  expression: () => "expression",
  aggregate: () => "aggregate",
  schema: () => "data type",
  json: () => "any value",
  list: ({ item, min }) => `list of ${typeText(item)}${min === undefined ? "" : `, at least ${min}`}`,
  map: ({ value }) => `mapping of names to ${typeText(value)}`,
  object: () => "mapping",
  component: ({ of }) => of,
  either: ({ options }) => options.map(typeText).join(" or "),
};

function range(min: string | number | undefined, max: string | number | undefined): string {
  if (min !== undefined && max !== undefined) return `, ${min} to ${max}`;
  if (min !== undefined) return `, at least ${min}`;
  return max === undefined ? "" : `, at most ${max}`;
}
