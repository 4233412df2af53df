// The canonical form of a plan: plain JSON with sorted names, equal for equal plans. Fingerprints are made from it.
import type { Source } from "../contracts/source.ts";
import type { LogicalPlan, PlanNode } from "./logical-plan.ts";

/** Plain data: what a canonical form is made of. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

/** Turns configuration values into plain data: functions become a hash of their text, bigints and odd numbers tagged strings. */
export function plainOf(value: unknown): Plain {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? "-0" : String(value) };
  if (typeof value === "bigint") return { $bigint: value.toString() };
  if (typeof value === "function") return { $function: hashText(String(value)) };
  return plainObject(value);
}

function plainObject(value: object): Plain {
  if (Array.isArray(value)) return value.map(plainOf);
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [plainOf(key), plainOf(item)]) };
  if (value instanceof Set) return { $set: [...value].map(plainOf) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return { $date: plainOf(value.getTime()) };
  if (value instanceof RegExp) return { $regexp: String(value) };
  const plain: Record<string, Plain> = {};
  if (isSource(value)) return { type: value.type, config: plainOf(value.config) };
  for (const name of Object.keys(value).sort()) {
    const item = (value as Record<string, unknown>)[name];
    if (item !== undefined) Object.defineProperty(plain, name, { value: plainOf(item), enumerable: true });
  }
  return plain;
}

/** A source inside a configuration, as a lookup has one: its type and configuration say what it is, not what it runs. */
function isSource(value: object): value is Pick<Source, "type" | "config"> {
  const { type, config, capabilities, open } = value as Partial<Source>;
  return typeof type === "string" && typeof config === "object" && typeof capabilities === "object" && typeof open === "function";
}

/** A 64-bit hash of a text as 16 hex digits: two FNV-1a lanes over UTF-16 units. Not for security. */
export function hashText(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ ((unit << 5) | (unit >>> 11)), 0x01000193) + low;
  }
  return (high >>> 0).toString(16).padStart(8, "0") + (low >>> 0).toString(16).padStart(8, "0");
}

/** The whole plan as plain data. */
export function canonicalPlan(plan: LogicalPlan): Plain {
  const nodes = plan.nodes.map((node) => ({ id: node.id, kind: node.kind, type: node.type, config: plainOf(node.config) }));
  const edges = plan.edges.map((edge) => ({ from: edge.from, output: edge.output, to: edge.to, input: edge.input }));
  return { config: plainOf(plan.config), nodes: nodes.sort(byId), edges: edges.sort(byEnds) };
}

/** What a node's stored state depends on: its type, the version of its state, its configuration without the text of functions. */
export function stateFingerprint(node: PlanNode): string {
  const config = JSON.stringify(plainOf(node.config), (_, value: unknown) => (isFunctionMark(value) ? "function" : value));
  return hashText(`${node.type} v${node.definition?.stateVersion ?? 1} ${config}`);
}

function isFunctionMark(value: unknown): boolean {
  return typeof value === "object" && value !== null && "$function" in value;
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : 1;
}

function byEnds(a: { from: string; output: string; to: string; input: string }, b: typeof a): number {
  const key = (e: typeof a): string => JSON.stringify([e.from, e.output, e.to, e.input]);
  return key(a) < key(b) ? -1 : 1;
}
