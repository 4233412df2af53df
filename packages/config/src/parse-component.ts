// One component alone, as its example is written: for tests of examples, and for tools that offer parts of a pipeline.
import type { ComponentKind, ComponentReference } from "@streamflow/core";
import { readDocument } from "./document.ts";
import type { ParseOptions } from "./parser.ts";
import { Problems } from "./problems.ts";
import { invalid, refuse, type ReadContext } from "./slot.ts";
import { entryFields } from "./spec.ts";
import { readReference, readType } from "./values.ts";

/**
 * Reads a YAML mapping of one component: its `type`, and its fields beside it. What places an entry in a pipeline (`id`, `from`, named inputs) is skipped.
 *
 * @throws {@link ConfigError} with every mistake.
 */
export function parseComponent(kind: ComponentKind, text: string, options: ParseOptions): ComponentReference {
  const { registry, file, secrets = { get: () => undefined }, files = new Map() } = options;
  const problems = new Problems(file);
  const context: ReadContext = { registry, problems, lookups: { secrets, files, redactor: problems.secrets } };
  const read = readMapping(kind, text, context);
  problems.throwIfAny();
  // Without a problem there is a value.
  return read as ComponentReference;
}

function readMapping(kind: ComponentKind, text: string, context: ReadContext): ComponentReference | undefined {
  const node = readDocument(text, context.problems);
  if (node === undefined) return undefined;
  if (node.kind !== "map") {
    refuse({ node, path: "", secret: false }, `a ${kind}: a mapping with a "type"`, context);
    return undefined;
  }
  const slot = { node, path: "", secret: false };
  const spec = readType(kind, slot, context);
  if (spec === undefined) return undefined;
  const inputs = kind === "stage" ? (context.registry.operators().find(({ type }) => type === spec.type)?.inputs ?? []) : [];
  const component = readReference(spec, slot, context, { elsewhere: new Set([...entryFields, ...inputs]) });
  return component === invalid ? undefined : component;
}
