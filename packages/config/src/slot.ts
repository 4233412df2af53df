// A value on its way from the text into a configuration, and how mistakes in it are told.
import { nearest, type ConfigType, type Registry } from "@streamflow/core";
import { matchType, type TypeCases } from "./config-type.ts";
import type { ConfigNode, MapEntry } from "./document.ts";
import type { Lookups } from "./environment.ts";
import type { Problems } from "./problems.ts";

/** Stands for a value that was wrong and has been reported. */
export const invalid: unique symbol = Symbol("invalid");

/** What reading consults. */
export interface ReadContext {
  readonly registry: Registry;
  readonly lookups: Lookups;
  readonly problems: Problems;
}

/** A value to read, and where it stands. */
export interface Slot {
  readonly node: ConfigNode;
  readonly path: string;
  /** Its value is never shown. */
  readonly secret: boolean;
}

/** The path of a field inside a path. */
export function join(path: string, name: string): string {
  const step = /^[A-Za-z_][\w-]*$/.test(name) ? name : `[${JSON.stringify(shortened(name))}]`;
  return path === "" || step.startsWith("[") ? path + step : `${path}.${step}`;
}

/** Reports a name that nobody knows. */
export function refuseName(entry: MapEntry, at: { readonly path: string; readonly known: readonly string[] }, context: ReadContext): void {
  const near = nearest(entry.name.slice(0, 100), at.known);
  const hint = near === undefined ? `known: ${[...at.known].sort().join(", ") || "none"}` : `did you mean "${near}"?`;
  context.problems.add(entry.namePlace, join(at.path, entry.name), `unknown key "${shortened(entry.name)}"`, hint);
}

/** A type in words. */
export function nameOf(type: ConfigType): string {
  return matchType(type, typeWords);
}

const typeWords: TypeCases<string> = {
  string: ({ oneOf }) => (oneOf === undefined ? "a string" : `one of ${oneOf.map(quotedIfOdd).join(", ")}`),
  integer: () => "an integer",
  number: () => "a number",
  boolean: () => "true or false",
  duration: () => "a duration",
  size: () => "a size",
  expression: () => "an expression",
  aggregate: () => "an aggregate call",
  schema: () => "a data type",
  json: () => "any value",
  list: ({ item }) => `a list of ${nameOf(item)}`,
  map: () => "a mapping",
  object: () => "a mapping",
  component: ({ of }) => `a ${of}`,
  either: ({ options }) => options.map(nameOf).join(" or "),
};

function quotedIfOdd(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : JSON.stringify(word);
}

/** Reports that something else was expected. */
export function refuse(slot: Slot, expected: string, context: ReadContext, hint?: string): typeof invalid {
  context.problems.add(slot.node.place, slot.path, `expected ${expected}, got ${shown(slot)}`, hint);
  return invalid;
}

function shown({ node, secret }: Slot): string {
  if (node.kind === "list") return node.items.length === 0 ? "an empty list" : "a list";
  if (node.kind === "map") return "a mapping";
  if (node.value === null) return "nothing";
  if (secret) return "***";
  return typeof node.value === "string" ? JSON.stringify(shortened(node.value)) : node.text;
}

/** The first part of a long text. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
