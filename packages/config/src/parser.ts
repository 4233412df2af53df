// From the text of a pipeline, YAML or JSON, to its spec. The way of a text:
//
//   document.ts   text → nodes with places, bounded
//   values.ts     node → value of a declared type (environment.ts, duration.ts, size.ts, schema.ts, expression.ts)
//   entries.ts    sources, stages and sinks → ids and connections
//   plan.ts       spec → logical plan, made of live components
//
// P1. Every mistake is reported in one go, with file, line, column and path; nothing but a ConfigError is thrown.
// P2. No value that came from outside the text appears in an error.
import { nodeIdPattern, StreamFlowError, type Disk, type Registry, type Secrets } from "@streamflow/core";
import { Redactor } from "@streamflow/core/node";
import { maxDocumentBytes, readDocument, type MapNode } from "./document.ts";
import { readEntries } from "./entries.ts";
import { readReferencedFiles, readText } from "./environment.ts";
import { Problems } from "./problems.ts";
import { invalid, refuse, type ReadContext } from "./slot.ts";
import { entryKinds, keepOrigin, pipelineFields, toPipelineConfig, type PipelineSpec } from "./spec.ts";
import { readFields, resolve } from "./values.ts";

/** What parsing consults. It opens and waits for nothing. */
export interface ParseOptions {
  readonly registry: Registry;
  /** Shown in errors. */
  readonly file?: string;
  /** Where relative paths are meant from. @defaultValue "." */
  readonly folder?: string;
  /** Where `${NAME}` is looked up. @defaultValue no name is known */
  readonly secrets?: Secrets;
  /** What `${file:path}` stands for, by path: see {@link readReferencedFiles}. @defaultValue no file is known */
  readonly files?: ReadonlyMap<string, string>;
}

/**
 * Reads a pipeline from YAML or JSON, and checks it against the components of a registry.
 *
 * @throws {@link ConfigError} with every mistake. Its code is SF_CONFIG_INVALID; a diagnostic may have a finer one
 *   (SF_EXPRESSION_INVALID, SF_SCHEMA_INVALID, SF_COMPONENT_UNKNOWN, SF_SECRET_MISSING).
 */
export function parsePipeline(text: string, options: ParseOptions): PipelineSpec {
  const { registry, file, folder = ".", secrets = noSecrets, files = new Map() } = options;
  const redactor = new Redactor();
  const problems = new Problems(file, redactor);
  const context: ReadContext = { registry, problems, lookups: { secrets, files, redactor } };
  const root = readRoot(text, context);
  if (root === undefined) throw problems.toError();
  const spec = readPipeline(root, { context, folder });
  problems.throwIfAny();
  return keepOrigin(spec, problems);
}

/** What reading a pipeline from a disk needs. */
export interface LoadOptions {
  readonly registry: Registry;
  readonly disk: Disk;
  readonly secrets?: Secrets;
}

/**
 * Reads a pipeline from a file. Relative paths inside it are meant from the file's own folder.
 *
 * @throws {@link ConfigError} with every mistake; SF_DISK_FAILED when the file cannot be read.
 */
export async function loadPipeline(path: string, options: LoadOptions): Promise<PipelineSpec> {
  const { registry, disk, secrets = noSecrets } = options;
  const text = await readText(path, disk, maxDocumentBytes);
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "." : path.slice(0, Math.max(1, slash));
  const files = await readReferencedFiles(text, { disk, secrets, folder });
  return parsePipeline(text, { registry, file: path, folder, secrets, files });
}

const noSecrets: Secrets = { get: () => undefined };

function readRoot(text: string, context: ReadContext): MapNode | undefined {
  const { problems } = context;
  try {
    const node = readDocument(text, problems);
    if (node === undefined || node.kind === "map") return node;
    refuse({ node, path: "", secret: false }, "a mapping with name, source, stages and sinks", context);
    return undefined;
  } catch (thrown) {
    // The bounds of document.ts keep every text within the stack; this is the net below them.
    if (StreamFlowError.is(thrown) || !(thrown instanceof RangeError)) throw thrown;
    problems.add({ line: 1, column: 1 }, "", "nested too deeply");
    return undefined;
  }
}

function readPipeline(root: MapNode, { context, folder }: { readonly context: ReadContext; readonly folder: string }): PipelineSpec {
  // Names that start with "x-" are the author's own: a place for anchors.
  const own = root.entries.map(({ name }) => name).filter((name) => name.startsWith("x-"));
  const elsewhere = new Set([...entryKinds.map(({ key }) => key), "source", ...own]);
  const fields = readFields(pipelineFields, { node: root, path: "", secret: false }, context, { elsewhere });
  const nodes = readEntries(root, context);
  checkName(root, context);
  // Where a field was wrong the spec is thrown away: P1.
  return { config: fields === invalid ? { name: "" } : toPipelineConfig(fields), nodes, folder };
}

function checkName(root: MapNode, context: ReadContext): void {
  const node = root.entries.find((entry) => entry.name === "name")?.value;
  if (node === undefined) return;
  const slot = resolve({ node, path: "name", secret: false }, { ...context, problems: new Problems(undefined) });
  if (slot === invalid || slot.node.kind !== "scalar" || typeof slot.node.value !== "string" || nodeIdPattern.test(slot.node.value)) return;
  refuse(slot, "a name of letters, digits, _ and -, starting with a letter, at most 100 long", context);
}
