// Which parts of a record are wanted, as a tree; and the record's meaning: what JSON.parse gives, cut to that tree.
import type { Projection } from "@streamflow/core";

/** All of a value, or some fields of an object. */
export type Wanted = "all" | ReadonlyMap<string, Wanted>;

/** The tree of a list of paths. A path that leads through another's end adds nothing to it. */
export function wantedOf(projection: Projection): Wanted {
  if (projection === "all" || projection.some((path) => path.length === 0)) return "all";
  const root = new Map<string, Wanted>();
  for (const path of projection) addPath(root, path);
  return root;
}

function addPath(root: Map<string, Wanted>, path: readonly string[]): void {
  let node = root;
  for (const [i, name] of path.entries()) {
    const known = node.get(name);
    if (known === "all") return;
    if (i === path.length - 1) {
      node.set(name, "all");
      return;
    }
    const next = (known as Map<string, Wanted> | undefined) ?? new Map<string, Wanted>();
    node.set(name, next);
    node = next;
  }
}

/** What is wanted of the field `name`, if anything. */
export function wantedField(wanted: Wanted, name: string): Wanted | undefined {
  return wanted === "all" ? "all" : wanted.get(name);
}

/** A parsed value cut to what is wanted. Objects keep the order of their fields; anything else is kept whole. */
export function project(value: unknown, wanted: Wanted): unknown {
  if (wanted === "all" || typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const cut: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const inner = wanted.get(name);
    if (inner === undefined) continue;
    if (name === "__proto__") Object.defineProperty(cut, name, { value: project(field, inner), enumerable: true, configurable: true, writable: true });
    else cut[name] = project(field, inner);
  }
  return cut;
}
