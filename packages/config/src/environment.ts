// Values from outside the text: ${VARIABLE}, ${VARIABLE:-default}, ${file:path}; "$${" stands for "${".
//
// E1. References are replaced inside scalar values, after the text was parsed: no value can change the structure of a document.
// E2. Everything that came from outside is a secret: it is told to the redactor, and no message shows it.
import { StreamFlowError, type AnyErrorCode, type Disk, type Secrets } from "@streamflow/core";
import type { Redactor } from "@streamflow/core/node";

/** Where references lead. */
export interface Lookups {
  readonly secrets: Secrets;
  /** Contents of the files that `${file:…}` names, by path as written: see {@link readReferencedFiles}. */
  readonly files: ReadonlyMap<string, string>;
  /** Told every value that is handed out. */
  readonly redactor: Redactor;
}

/** A reference that leads nowhere. */
export interface ReferenceProblem {
  readonly code: AnyErrorCode;
  /** Index in the text. */
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
}

/** A text with its references replaced. */
export interface Interpolated {
  readonly value: string;
  /** Whether anything of it came from outside. */
  readonly secret: boolean;
  readonly problems: readonly ReferenceProblem[];
}

type Reference =
  | { readonly kind: "variable"; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: "file"; readonly path: string };

const references = /\$\$\{|\$\{(?:([^}]*)\})?/g;
const variablePattern = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const maxSecretFileBytes = 64 * 1024;

/** Whether a text holds a reference or an escape of one. */
export function hasReferences(text: string): boolean {
  return text.includes("${");
}

/** Replaces the references in a text. Never throws: what leads nowhere is in `problems`. */
export function interpolate(text: string, lookups: Lookups): Interpolated {
  const problems: ReferenceProblem[] = [];
  let secret = false;
  const value = text.replaceAll(references, (whole: string, inner: string | undefined, offset: number) => {
    if (whole === "$${") return "${";
    try {
      const found = valueOf(referenceFrom(inner), lookups);
      secret ||= found.secret;
      return found.value;
    } catch (thrown) {
      if (!StreamFlowError.is(thrown)) throw thrown;
      problems.push({ code: thrown.code, offset, message: thrown.message, hint: thrown.hint });
      return "";
    }
  });
  if (secret) lookups.redactor.add(value);
  return { value, secret, problems };
}

function referenceFrom(inner: string | undefined): Reference {
  if (inner?.startsWith("file:") === true && inner.length > 5) return { kind: "file", path: inner.slice(5) };
  const match = inner === undefined ? null : variablePattern.exec(inner);
  if (match?.[1] === undefined) {
    throw new StreamFlowError("SF_CONFIG_INVALID", inner === undefined ? '"${" is never closed' : `\${${inner}} is no reference`, {
      hint: "write ${NAME}, ${NAME:-default} or ${file:path}; $${ stands for ${",
    });
  }
  return { kind: "variable", name: match[1], fallback: match[2] };
}

function valueOf(reference: Reference, lookups: Lookups): { readonly value: string; readonly secret: boolean } {
  const value = reference.kind === "file" ? lookups.files.get(reference.path) : variable(reference.name, lookups);
  if (reference.kind === "variable" && reference.fallback !== undefined && (value === undefined || value === "")) {
    return { value: reference.fallback, secret: false };
  }
  if (value === undefined) throw missing(reference);
  lookups.redactor.add(value);
  return { value, secret: true };
}

/** The variable; else, as container platforms do it, the file that NAME_FILE names. */
function variable(name: string, { secrets, files }: Lookups): string | undefined {
  const value = secrets.get(name);
  if (value !== undefined) return value;
  const path = secrets.get(`${name}_FILE`);
  return path === undefined ? undefined : files.get(path);
}

function missing(reference: Reference): StreamFlowError {
  if (reference.kind === "file") return new StreamFlowError("SF_SECRET_MISSING", `the file "${reference.path}" cannot be read`);
  const { name } = reference;
  return new StreamFlowError("SF_SECRET_MISSING", `the variable ${name} is not set`, {
    hint: `set ${name}, set ${name}_FILE to a file that holds it, or write \${${name}:-default}; $\${${name}} stands for the text \${${name}}`,
  });
}

/** What {@link readReferencedFiles} needs. */
export interface ReferencedFilesOptions {
  readonly disk: Disk;
  readonly secrets: Secrets;
  /** Where relative paths are meant from. */
  readonly folder: string;
}

/**
 * Reads the files that the references of a text name, `${file:path}` and NAME_FILE, so that parsing itself need not wait.
 * The last line break of a file is left out. A file that cannot be read, or is larger than 64 KiB, is left out too: parsing tells where it is missed.
 */
export async function readReferencedFiles(text: string, options: ReferencedFilesOptions): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>();
  for (const path of referencedPaths(text, options.secrets)) {
    const content = await readSmallFile(path.startsWith("/") ? path : `${options.folder}/${path}`, options.disk);
    if (content !== undefined) contents.set(path, content.replace(/\r?\n$/, ""));
  }
  return contents;
}

function referencedPaths(text: string, secrets: Secrets): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const [whole, inner] of text.matchAll(references)) {
    if (whole === "$${" || inner === undefined) continue;
    if (inner.startsWith("file:")) paths.add(inner.slice(5));
    const name = variablePattern.exec(inner)?.[1];
    const path = name === undefined ? undefined : filePathOf(name, secrets);
    if (path !== undefined) paths.add(path);
  }
  return paths;
}

/** A lookup that fails is told by parsing, with its place. */
function filePathOf(name: string, secrets: Secrets): string | undefined {
  try {
    return secrets.get(name) === undefined ? secrets.get(`${name}_FILE`) : undefined;
  } catch {
    return undefined;
  }
}

async function readSmallFile(path: string, disk: Disk): Promise<string | undefined> {
  try {
    const stat = await disk.stat(path);
    if (stat?.kind !== "file") return undefined;
    return await readText(path, disk, maxSecretFileBytes);
  } catch (thrown) {
    if (StreamFlowError.is(thrown)) return undefined;
    throw thrown;
  }
}

/**
 * Reads a text file whole.
 * @throws {@link StreamFlowError} `SF_CONFIG_INVALID` when it is larger than `maxBytes`; what the disk throws.
 */
export async function readText(path: string, disk: Disk, maxBytes: number): Promise<string> {
  const file = await disk.openRead(path);
  try {
    // Read until the end, not to the size that was told: special files say 0.
    const bytes = new Uint8Array(maxBytes + 1);
    let length = 0;
    for (;;) {
      const count = await file.read(bytes, length, bytes.length - length, length);
      if (count === 0) break;
      length += count;
      if (length > maxBytes) throw new StreamFlowError("SF_CONFIG_INVALID", `"${path}" is larger than ${maxBytes} bytes`);
    }
    return new TextDecoder().decode(bytes.subarray(0, length));
  } finally {
    await file.close();
  }
}
