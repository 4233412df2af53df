// Configuration values against their declared types: the one place where a node of the text becomes a value.
import { isPlainObject, type ComponentReference, type ComponentSpec, type ConfigField, type ConfigType } from "@streamflow/core";
import { matchType, type TypeOf } from "./config-type.ts";
import type { ConfigNode, MapNode, ScalarNode } from "./document.ts";
import { hasReferences, interpolate } from "./environment.ts";
import { Problems } from "./problems.ts";
import { plainValue, readBoolean, readDuration, readExpression, readNumber, readSize, readString } from "./scalars.ts";
import { invalid, join, nameOf, refuse, refuseName, shortened, type ReadContext, type Slot } from "./slot.ts";
import { sourceFields, validatedType } from "./spec.ts";
import { readDataType } from "./type-reader.ts";

/** Reads a value of a type. Answers `invalid` after reporting what is wrong. */
export function readValue(type: ConfigType, slot: Slot, context: ReadContext): unknown {
  const resolved = resolve(slot, context);
  if (resolved === invalid) return invalid;
  return matchType<unknown>(type, {
    string: (one) => readString(one, resolved, context),
    integer: (one) => readNumber(one, resolved, context),
    number: (one) => readNumber(one, resolved, context),
    boolean: () => readBoolean(resolved, context),
    duration: (one) => readDuration(one, resolved, context),
    size: (one) => readSize(one, resolved, context),
    expression: (one) => readExpression(one, resolved, context),
    aggregate: (one) => readExpression(one, resolved, context),
    schema: () => readSchema(resolved, context),
    json: () => readJson(resolved, context),
    list: (one) => readList(one, resolved, context),
    map: (one) => readMap(one, resolved, context),
    object: (one) => readObject(one, resolved, context),
    component: (one) => readComponent(one, resolved, context),
    either: (one) => readEither(one, resolved, context),
  });
}

/** Fields that are read elsewhere, by the names a reader of fields may meet. */
export interface FieldsOptions {
  readonly elsewhere?: ReadonlySet<string>;
}

/** Reads the fields of a mapping: unknown names, missing ones, defaults. Answers `invalid` when any field is wrong. */
export function readFields(
  fields: Readonly<Record<string, ConfigField>>,
  slot: Slot & { readonly node: MapNode },
  context: ReadContext,
  options: FieldsOptions = {},
): Readonly<Record<string, unknown>> | typeof invalid {
  const { elsewhere = new Set() } = options;
  const values = new Map<string, unknown>();
  const seen = new Set<string>();
  let complete = true;
  for (const entry of slot.node.entries) {
    if (elsewhere.has(entry.name)) continue;
    const field = Object.hasOwn(fields, entry.name) ? fields[entry.name] : undefined;
    if (field === undefined) {
      refuseName(entry, { path: slot.path, known: [...Object.keys(fields), ...elsewhere] }, context);
      complete = false;
      continue;
    }
    seen.add(entry.name);
    const value = readValue(field.type, { node: entry.value, path: join(slot.path, entry.name), secret: slot.secret || field.secret === true }, context);
    if (value === invalid) complete = false;
    else values.set(entry.name, value);
  }
  for (const [name, field] of Object.entries(fields)) {
    if (seen.has(name)) continue;
    const value = readAbsent(name, field, { slot, context });
    if (value === invalid) complete = false;
    else if (value !== undefined) values.set(name, value);
  }
  return complete ? Object.fromEntries(values) : invalid;
}

function readAbsent(name: string, field: ConfigField, { slot, context }: { readonly slot: Slot; readonly context: ReadContext }): unknown {
  const path = join(slot.path, name);
  if (field.default !== undefined) {
    const isMeasured = (field.type.kind === "duration" || field.type.kind === "size") && typeof field.default === "number";
    return isMeasured ? field.default : readValue(field.type, { node: writtenAt(slot.node, field.default), path, secret: false }, context);
  }
  if (field.required !== true) return undefined;
  context.problems.add(slot.node.place, path, `"${name}" is missing`, field.doc);
  return invalid;
}

/** A default, as if it stood where the mapping stands. */
function writtenAt({ place }: ConfigNode, value: string | number | boolean): ScalarNode {
  return { kind: "scalar", value, text: String(value), quoted: typeof value === "string", place, placeAt: () => place };
}

/** Replaces the references in a scalar; anything else is answered as it is. */
export function resolve(slot: Slot, context: ReadContext): Slot | typeof invalid {
  const { node, path } = slot;
  if (node.kind !== "scalar") return slot;
  if (typeof node.value !== "string" || !hasReferences(node.value)) {
    if (slot.secret) context.lookups.redactor.add(node.text);
    return slot;
  }
  const { value, secret, problems } = interpolate(node.value, context.lookups);
  for (const { code, offset, message, hint } of problems) context.problems.addAs(code, { place: node.placeAt(offset), path }, { message, hint });
  if (problems.length > 0) return invalid;
  const { place } = node;
  const scalar: ScalarNode = { kind: "scalar", value: plainValue(value), text: value, quoted: node.quoted, interpolated: true, place, placeAt: () => place };
  return { node: scalar, path, secret: slot.secret || secret };
}

function readSchema({ node, path, secret }: Slot, context: ReadContext): unknown {
  if (!secret) return readDataType(node, path, context.problems) ?? invalid;
  // What a wrong type is told with are parts of its text, which the redactor cannot know.
  const hidden = new Problems(undefined);
  return readDataType(node, path, hidden) ?? refuse({ node, path, secret }, "a data type", context);
}

function readJson(slot: Slot, context: ReadContext): unknown {
  const { node, path, secret } = slot;
  if (node.kind === "scalar") {
    if (node.quoted) return node.text;
    if (typeof node.value !== "number" || (Number.isFinite(node.value) && (!Number.isInteger(node.value) || Number.isSafeInteger(node.value)))) return node.value;
    return refuse(slot, "a number that JSON holds exactly", context, "write it as a string");
  }
  if (node.kind === "list") {
    const items = node.items.map((item, index) => readValue({ kind: "json" }, { node: item, path: `${path}[${index}]`, secret }, context));
    return items.includes(invalid) ? invalid : items;
  }
  const entries = node.entries.map(({ name, value }) => [name, readValue({ kind: "json" }, { node: value, path: join(path, name), secret }, context)] as const);
  return entries.some(([, value]) => value === invalid) ? invalid : Object.fromEntries(entries);
}

function readObject(type: TypeOf<"object">, slot: Slot, context: ReadContext): unknown {
  const { node } = slot;
  return node.kind === "map" ? readFields(type.fields, { ...slot, node }, context) : refuse(slot, "a mapping", context);
}

function readList(type: TypeOf<"list">, slot: Slot, context: ReadContext): unknown {
  const { node, path, secret } = slot;
  if (node.kind !== "list") return refuse(slot, "a list", context);
  const items = node.items.map((item, index) => readValue(type.item, { node: item, path: `${path}[${index}]`, secret }, context));
  if (items.length < (type.min ?? 0)) return refuse(slot, `a list of at least ${type.min}`, context);
  return items.includes(invalid) ? invalid : items;
}

function readMap(type: TypeOf<"map">, slot: Slot, context: ReadContext): unknown {
  const { node, path, secret } = slot;
  if (node.kind !== "map") return refuse(slot, "a mapping", context);
  const values = node.entries.map((entry) => {
    // JavaScript objects put such names first, whatever the order in the text.
    if (/^(?:0|[1-9]\d*)$/.test(entry.name)) {
      context.problems.add(entry.namePlace, join(path, entry.name), `expected a name, got the number ${shortened(entry.name)}`, "names must not be whole numbers");
      return [entry.name, invalid] as const;
    }
    return [entry.name, readValue(type.value, { node: entry.value, path: join(path, entry.name), secret }, context)] as const;
  });
  return values.some(([, value]) => value === invalid) ? invalid : Object.fromEntries(values);
}

function readComponent(type: TypeOf<"component">, slot: Slot, context: ReadContext): ComponentReference | typeof invalid {
  const { node, path, secret } = slot;
  if (node.kind === "scalar" && typeof node.value === "string") {
    const spec = findSpec(type.of, { name: node.text, place: node.place, path }, context);
    if (spec === undefined) return invalid;
    const empty: MapNode = { kind: "map", entries: [], place: node.place };
    return readReference(spec, { node: empty, path, secret }, context, { elsewhere: new Set() });
  }
  if (node.kind !== "map") return refuse(slot, `a ${type.of}: a mapping with a "type"`, context);
  const spec = readType(type.of, { node, path, secret }, context);
  if (spec === undefined) return invalid;
  return readReference(spec, { node, path, secret }, context, { elsewhere: new Set(["type"]) });
}

/** Reads the fields of a component, and those that components of its kind have in common: a source with a JSON Schema becomes one that is validated. */
export function readReference(
  spec: ComponentSpec,
  slot: Slot & { readonly node: MapNode },
  context: ReadContext,
  options: FieldsOptions,
): ComponentReference | typeof invalid {
  const common = spec.kind === "source" ? sourceFields : {};
  const config = readFields({ ...common, ...spec.fields }, slot, context, options);
  if (config === invalid) return invalid;
  const { jsonSchema, ...own } = config;
  if (jsonSchema === undefined || spec.kind !== "source" || Object.hasOwn(spec.fields, "jsonSchema")) return { type: spec.type, config };
  return validatedSource({ type: spec.type, config: own }, jsonSchema, { slot, context });
}

function validatedSource(source: ComponentReference, jsonSchema: unknown, { slot, context }: { readonly slot: Slot & { readonly node: MapNode }; readonly context: ReadContext }): ComponentReference | typeof invalid {
  const node = slot.node.entries.find(({ name }) => name === "jsonSchema")?.value ?? slot.node;
  const path = join(slot.path, "jsonSchema");
  if (findSpec("source", { name: validatedType, place: node.place, path }, context) === undefined) return invalid;
  const schema = typeof jsonSchema === "string" ? parsedJson(jsonSchema) : jsonSchema;
  if (typeof schema !== "boolean" && !isPlainObject(schema)) return refuse({ node, path, secret: slot.secret }, "a JSON Schema: a mapping, true or false, or a reference to a file that holds one", context);
  return { type: validatedType, config: { source, jsonSchema: schema } };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The component that a mapping names by its `type`; undefined after reporting. */
export function readType(of: ComponentSpec["kind"], slot: Slot & { readonly node: MapNode }, context: ReadContext): ComponentSpec | undefined {
  const entry = slot.node.entries.find(({ name }) => name === "type");
  if (entry === undefined) {
    const known = context.registry.components(of).map((spec) => spec.type);
    context.problems.add(slot.node.place, join(slot.path, "type"), `"type" is missing`, `${of}s: ${known.join(", ") || "none"}`);
    return undefined;
  }
  const path = join(slot.path, "type");
  const name = readWord({ node: entry.value, path, secret: false }, context);
  return name === undefined ? undefined : findSpec(of, { name, place: entry.value.place, path }, context);
}

/** Reads a word that gives the document its structure (`type`, `id`, `from`): text as it stands, without references. */
export function readWord(slot: Slot, context: ReadContext): string | undefined {
  const { node } = slot;
  if (node.kind === "scalar" && typeof node.value === "string" && node.value !== "" && !hasReferences(node.value)) return node.value;
  refuse(slot, "a name", context, node.kind === "scalar" && hasReferences(node.text) ? "references such as ${NAME} are for values" : undefined);
  return undefined;
}

function findSpec(of: ComponentSpec["kind"], at: { readonly name: string; readonly place: ConfigNode["place"]; readonly path: string }, context: ReadContext): ComponentSpec | undefined {
  try {
    return context.registry.component(of, at.name) as unknown as ComponentSpec;
  } catch (thrown) {
    context.problems.addThrown(thrown, at);
    return undefined;
  }
}

function readEither(type: TypeOf<"either">, slot: Slot, context: ReadContext): unknown {
  const trials = type.options.map((option) => {
    const problems = new Problems(context.problems.file, context.problems.secrets);
    return { option, problems, value: readValue(option, slot, { ...context, problems }) };
  });
  const fitting = trials.find(({ value }) => value !== invalid);
  if (fitting !== undefined) return fitting.value;
  // Where only one option has the form of what was written, its mistakes are the ones to tell.
  const likely = trials.filter(({ option }) => formsOf(option).includes(slot.node.kind));
  if (likely.length !== 1) return refuse(slot, type.options.map(nameOf).join(" or "), context);
  context.problems.addAll(likely[0]?.problems.found ?? []);
  return invalid;
}

function formsOf(type: ConfigType): readonly ConfigNode["kind"][] {
  switch (type.kind) {
    case "list":
      return ["list"];
    case "map":
    case "object":
      return ["map"];
    case "component":
      return ["map", "scalar"];
    case "schema":
    case "json":
      return ["scalar", "list", "map"];
    case "either":
      return type.options.flatMap(formsOf);
    default:
      return ["scalar"];
  }
}
