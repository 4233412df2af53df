// A JSON Schema of pipelines, for editors: completion, documentation on hover, mistakes while typing.
//
// It accepts everything that the parser accepts. It accepts some texts that the parser refuses (expressions and types are only known to be text).
import type { ComponentKind, ComponentSpec, ConfigField, ConfigType, Registry } from "@streamflow/core";
import { nodeIdPattern } from "@streamflow/core";
import { matchType, type TypeCases, type TypeOf } from "./config-type.ts";
import { pipelineFields, sourceFields } from "./spec.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const componentKinds: readonly ComponentKind[] = ["source", "stage", "sink", "decoder", "encoder"];
const reference: JsonSchema = { type: "string", pattern: String.raw`\$\{[^}]+\}` };
const durationText: JsonSchema = { type: "string", pattern: String.raw`^(\d+(\.\d+)?(d|h|ms|m|s))+$` };
const sizeText: JsonSchema = { type: "string", pattern: String.raw`^\d+(\.\d+)? ?([kKMGT]i?B|B)?$` };
const nodeReference: JsonSchema = { type: "string", pattern: String.raw`^[A-Za-z][A-Za-z0-9_-]*(\..+)?$` };
const nodeReferences: JsonSchema = { anyOf: [nodeReference, { type: "array", items: nodeReference, minItems: 1 }] };

/**
 * Makes a JSON Schema (draft 2020-12) of the pipelines that can be written with the components of a registry.
 *
 * Put `# yaml-language-server: $schema=pipeline.schema.json` at the top of a YAML file to use it.
 */
export function pipelineJsonSchema(registry: Registry): JsonSchema {
  const fields = fieldsSchema(pipelineFields);
  const sources = entrySchema(registry, "source");
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A StreamFlow pipeline",
    type: "object",
    properties: {
      ...fields.properties,
      name: { type: "string", anyOf: [{ pattern: nodeIdPattern.source }, reference], description: pipelineFields["name"]?.doc },
      source: { ...sources, description: "Where records come from." },
      sources: { type: "array", minItems: 1, items: sources, description: "Where records come from, if there is more than one." },
      stages: { type: "array", items: entrySchema(registry, "stage"), description: "What happens to records, in order." },
      sinks: { type: "array", minItems: 1, items: entrySchema(registry, "sink"), description: "Where records go." },
    },
    patternProperties: { "^x-": {} },
    additionalProperties: false,
    required: [...fields.required, "sinks"],
    oneOf: [{ required: ["source"] }, { required: ["sources"] }],
    $defs: {
      dataType: {
        description: "A data type: string, int64?, [string], decimal(10, 2), map(string, int32), or a mapping of field names to types.",
        anyOf: [
          { type: "string" },
          { type: "array", minItems: 1, maxItems: 1, items: { $ref: "#/$defs/dataType" } },
          { type: "object", additionalProperties: { $ref: "#/$defs/dataType" } },
        ],
      },
      ...Object.fromEntries(componentKinds.map((kind) => [`any.${kind}`, anyOfKind(registry, kind)])),
      ...Object.fromEntries(componentKinds.flatMap((kind) => registry.components(kind).map((spec) => [`${kind}.${spec.type}`, componentSchema(registry, spec)]))),
    },
  };
}

/** One schema per type, chosen by `type`: an editor then tells what is wrong with that one, not with all of them. */
function entrySchema(registry: Registry, kind: ComponentKind): JsonSchema {
  const specs = registry.components(kind) as readonly ComponentSpec[];
  return {
    type: "object",
    required: ["type"],
    properties: { type: { enum: specs.map(({ type }) => type), description: `The kind of ${kind}.` } },
    allOf: byType(specs),
  };
}

function byType(specs: readonly ComponentSpec[]): readonly JsonSchema[] {
  return specs.map(({ kind, type }) => ({
    if: { type: "object", properties: { type: { const: type } }, required: ["type"] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { $ref: `#/$defs/${definitionName(kind, type)}` },
  }));
}

/** A component inside another one: a mapping with a type, or the type alone. */
function anyOfKind(registry: Registry, kind: ComponentKind): JsonSchema {
  const specs = registry.components(kind) as readonly ComponentSpec[];
  const types = specs.map(({ type }) => type);
  return { anyOf: [{ enum: types }, { type: "object", required: ["type"], properties: { type: { enum: types } } }], allOf: byType(specs) };
}

function definitionName(kind: ComponentKind, type: string): string {
  return `${kind}.${encodeURIComponent(type.replaceAll("~", "~0").replaceAll("/", "~1"))}`;
}

function componentSchema(registry: Registry, spec: ComponentSpec): JsonSchema {
  const fields = fieldsSchema(spec.kind === "source" ? { ...sourceFields, ...spec.fields } : spec.fields);
  return {
    title: `${spec.type} (${spec.kind})`,
    description: spec.summary,
    type: "object",
    properties: { type: { const: spec.type, description: spec.summary }, ...placeSchema(registry, spec), ...fields.properties },
    required: ["type", ...fields.required, ...namedInputs(registry, spec).slice(1)],
    additionalProperties: false,
  };
}

/** What an entry says of its place in the pipeline: its id, and what it reads from. */
function placeSchema(registry: Registry, { kind, type }: ComponentSpec): JsonSchema {
  if (kind === "decoder" || kind === "encoder") return {};
  const id = { type: "string", pattern: nodeIdPattern.source, description: "Names the entry in metrics, state and other entries." };
  if (kind === "source") return { id };
  const inputs = kind === "sink" ? ["from"] : namedInputs(registry, { kind, type });
  return { id, ...Object.fromEntries(inputs.map((name) => [name, { ...nodeReferences, description: "The id of the entry that it reads, or id.output, or a list of them." }])) };
}

function namedInputs(registry: Registry, { kind, type }: Pick<ComponentSpec, "kind" | "type">): readonly string[] {
  if (kind !== "stage") return [];
  const inputs = registry.operators().find((operator) => operator.type === type)?.inputs ?? ["main"];
  return inputs.map((name) => (name === "main" ? "from" : name));
}

interface FieldsSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

function fieldsSchema(fields: Readonly<Record<string, ConfigField>>): FieldsSchema {
  const properties = Object.entries(fields).map(([name, field]) => {
    const described: JsonSchema = { ...typeSchema(field.type), description: field.doc };
    return [name, field.default === undefined ? described : { ...described, default: field.default }] as const;
  });
  const required = Object.entries(fields).filter(([, field]) => field.required === true && field.default === undefined);
  return { properties: Object.fromEntries(properties), required: required.map(([name]) => name) };
}

function typeSchema(type: ConfigType): JsonSchema {
  return matchType(type, typeSchemas);
}

function numberSchema(type: TypeOf<"integer"> | TypeOf<"number">): JsonSchema {
  return { anyOf: [{ type: type.kind, ...bound("minimum", type.min), ...bound("maximum", type.max) }, reference] };
}

const typeSchemas: TypeCases<JsonSchema> = {
  string: ({ oneOf }) => (oneOf === undefined ? { type: "string" } : { anyOf: [{ enum: oneOf }, reference] }),
  integer: numberSchema,
  number: numberSchema,
  boolean: () => ({ anyOf: [{ type: "boolean" }, reference] }),
  duration: () => ({ anyOf: [durationText, { const: 0 }, reference] }),
  size: ({ minBytes = 0 }) => ({ anyOf: [sizeText, { type: "integer", minimum: minBytes }, reference] }),
  expression: () => ({ type: ["string", "number", "boolean", "null"] }),
  aggregate: () => ({ type: "string" }),
  schema: () => ({ $ref: "#/$defs/dataType" }),
  json: () => ({}),
  list: ({ item, min }) => ({ type: "array", items: typeSchema(item), ...bound("minItems", min) }),
  map: ({ value }) => ({ type: "object", additionalProperties: typeSchema(value) }),
  object: ({ fields }) => ({ type: "object", ...fieldsSchema(fields), additionalProperties: false }),
  component: ({ of }) => ({ $ref: `#/$defs/any.${of}` }),
  either: ({ options }) => ({ anyOf: options.map(typeSchema) }),
};

function bound(keyword: string, value: number | undefined): JsonSchema {
  return value === undefined ? {} : { [keyword]: value };
}
