// Brings a JSON Schema to the part of the language on which a compiler and an interpreter agree, and refuses what is malformed.
import { isPlainObject, StreamFlowError } from "@streamflow/core";

/** A JSON Schema: an object of keywords, or true or false. */
export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

/** Drafts of JSON Schema. */
export type Draft = "7" | "2019-09" | "2020-12";

type Check = (value: unknown) => boolean;

const types: ReadonlySet<unknown> = new Set(["null", "boolean", "object", "array", "number", "integer", "string"]);
const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNames: Check = (value) => Array.isArray(value) && value.every((name) => typeof name === "string");
const isAny: Check = () => true;

/** Keywords that hold no schema. */
const plain: Readonly<Record<string, Check>> = {
  $ref: (value) => typeof value === "string" && value.startsWith("#"),
  $schema: isAny,
  $anchor: (value) => typeof value === "string",
  type: (value) => (Array.isArray(value) ? value.length > 0 && value.every((type) => types.has(type)) : types.has(value)),
  enum: (value) => Array.isArray(value) && value.length > 0,
  const: isAny,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: (value) => isNumber(value) && (value as number) > 0,
  minLength: isCount,
  maxLength: isCount,
  pattern: isPattern,
  minItems: isCount,
  maxItems: isCount,
  uniqueItems: (value) => typeof value === "boolean",
  minContains: isCount,
  maxContains: isCount,
  minProperties: isCount,
  maxProperties: isCount,
  required: isNames,
  dependentRequired: (value) => isPlainObject(value) && Object.values(value).every(isNames),
};

const schemas: ReadonlySet<string> = new Set(["not", "if", "then", "else", "contains", "additionalProperties", "propertyNames", "items", "additionalItems", "unevaluatedItems", "unevaluatedProperties"]);
const lists: ReadonlySet<string> = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const maps: ReadonlySet<string> = new Set(["$defs", "definitions", "properties", "patternProperties", "dependentSchemas"]);

/** Keywords that a draft does not have: there they mean nothing. */
const absent: Readonly<Record<Draft, ReadonlySet<string>>> = {
  "7": new Set(["$anchor", "minContains", "maxContains", "dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "prefixItems"]),
  "2019-09": new Set(["prefixItems"]),
  "2020-12": new Set(["additionalItems"]),
};
const refused: ReadonlySet<string> = new Set(["$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "dependencies"]);

/**
 * The schema with only the keywords that are checked: annotations (`format` among them) and identifiers are left out.
 * @throws {@link StreamFlowError} SF_SCHEMA_INVALID naming the path.
 */
export function prepareSchema(schema: JsonSchema, draft: Draft): JsonSchema {
  const references: string[] = [];
  const prepared = new Preparer(draft, references).schema(schema, "#");
  const lost = references.find((reference) => !resolves(reference, prepared));
  if (lost !== undefined) throw new StreamFlowError("SF_SCHEMA_INVALID", `JSON Schema: reference "${lost}" leads nowhere`);
  return prepared;
}

class Preparer {
  readonly #draft: Draft;
  readonly #references: string[];

  constructor(draft: Draft, references: string[]) {
    this.#draft = draft;
    this.#references = references;
  }

  schema(schema: unknown, path: string): JsonSchema {
    if (typeof schema === "boolean") return schema;
    if (!isPlainObject(schema)) throw malformed(path, "a schema must be an object or a boolean");
    const kept: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(schema)) {
      const at = `${path}/${keyword}`;
      if (refused.has(keyword)) throw malformed(at, "this keyword is not supported");
      const made = value === undefined || absent[this.#draft].has(keyword) ? undefined : this.#keyword(keyword, value, at);
      if (made !== undefined) kept[keyword] = made;
    }
    // In draft-07 a reference stands alone: its siblings mean nothing.
    if (this.#draft === "7" && "$ref" in kept) return Object.fromEntries(Object.entries(kept).filter(([keyword]) => keyword === "$ref" || keyword === "definitions"));
    return kept;
  }

  #keyword(keyword: string, value: unknown, at: string): unknown {
    const check = Object.hasOwn(plain, keyword) ? plain[keyword] : undefined;
    if (check !== undefined) {
      if (!check(value)) throw malformed(at, `got ${JSON.stringify(value)}${keyword === "$ref" ? ", and only references within the schema are supported" : ""}`);
      if (keyword === "$ref") this.#references.push(String(value));
      return value;
    }
    if (lists.has(keyword) || (keyword === "items" && Array.isArray(value) && this.#draft !== "2020-12")) return this.#list(value, at);
    if (schemas.has(keyword)) return this.schema(value, at);
    return maps.has(keyword) ? this.#map(keyword, value, at) : undefined;
  }

  #list(value: unknown, at: string): readonly JsonSchema[] {
    if (!Array.isArray(value) || value.length === 0) throw malformed(at, "expected a list of schemas");
    return value.map((item, i) => this.schema(item, `${at}/${i}`));
  }

  #map(keyword: string, value: unknown, at: string): Readonly<Record<string, JsonSchema>> {
    if (!isPlainObject(value)) throw malformed(at, "expected schemas by name");
    const bad = keyword === "patternProperties" ? Object.keys(value).find((pattern) => !isPattern(pattern)) : undefined;
    if (bad !== undefined) throw malformed(at, `"${bad}" is not a regular expression`);
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.schema(inner, `${at}/${name}`)]));
  }
}

function resolves(reference: string, root: JsonSchema): boolean {
  const pointer = decodeURIComponent(reference.slice(1));
  if (pointer !== "" && !pointer.startsWith("/")) return hasAnchor(root, pointer);
  let node: unknown = root;
  for (const step of pointer.split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, name)) return false;
    node = (node as Record<string, unknown>)[name];
  }
  return true;
}

function hasAnchor(node: unknown, anchor: string): boolean {
  if (typeof node !== "object" || node === null) return false;
  return (node as { $anchor?: unknown }).$anchor === anchor || Object.values(node).some((inner) => hasAnchor(inner, anchor));
}

function isPattern(value: unknown): boolean {
  try {
    return typeof value === "string" && new RegExp(value, "u") instanceof RegExp;
  } catch {
    return false;
  }
}

function malformed(path: string, problem: string): StreamFlowError {
  return new StreamFlowError("SF_SCHEMA_INVALID", `JSON Schema at ${path}: ${problem}`, { location: { path } });
}
