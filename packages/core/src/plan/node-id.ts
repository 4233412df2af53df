// How a node without an id of its own is named: one rule for typed code and for YAML.

/**
 * The id of a node that was given none: its type, else its type with the first free number from 2 on (`filter`, `filter-2`, `filter-3`).
 * It depends only on what was added before, so appending a node renames nothing; a node with state should be given an id all the same.
 *
 * @param taken ids in use; the caller adds the answer to them
 */
export function generatedNodeId(type: string, taken: { has(id: string): boolean }): string {
  if (!taken.has(type)) return type;
  let number = 2;
  while (taken.has(`${type}-${number}`)) number++;
  return `${type}-${number}`;
}

/** What a node id may be: it names state, files, metrics and topics. Letters, digits, "_", "-"; at most 100; no "." (that separates an output). */
export const nodeIdPattern: RegExp = /^[A-Za-z][A-Za-z0-9_-]{0,99}$/;
