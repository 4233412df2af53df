// From YAML or JSON text to a tree of nodes that know their place. What could hurt is bounded here:
//
// D1. A text beyond `maxDocumentBytes` or `maxTokens`, or nested deeper than `maxDepth`, is refused before it is composed.
// D2. Aliases are expanded under a budget of `maxNodes`; one inside its own anchor runs into the depth bound.
// D3. One document; keys are unique; tags and other versions of YAML are refused.
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument, type Document, type Node, type Scalar } from "yaml";
import { excessOf } from "./depth.ts";
import type { Place } from "./place.ts";
import type { Problems } from "./problems.ts";
import { syntaxMistakes } from "./syntax-error.ts";

/** Bounds of a configuration text. */
export const maxDocumentBytes: number = 1024 * 1024;
export const maxDepth = 64;
export const maxNodes = 20_000;
/** Marks, scalars, line breaks and the blanks between them: composing takes time for each. */
export const maxTokens = 100_000;

/** A value in the text. */
export type ConfigNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: "scalar";
  readonly value: null | boolean | number | string;
  /** As written, without quotes and escapes. */
  readonly text: string;
  readonly quoted: boolean;
  /** References were replaced: the text may stand for a number or a boolean even where it is quoted. */
  readonly interpolated?: boolean;
  readonly place: Place;
  /** The place of a character of `text`; the start of the scalar where escapes or folding hide it. */
  placeAt(offset: number): Place;
}

export interface ListNode {
  readonly kind: "list";
  readonly items: readonly ConfigNode[];
  readonly place: Place;
}

export interface MapNode {
  readonly kind: "map";
  readonly entries: readonly MapEntry[];
  readonly place: Place;
}

export interface MapEntry {
  readonly name: string;
  readonly namePlace: Place;
  readonly value: ConfigNode;
}

/** Reads a text. Mistakes go to `problems`; undefined where nothing of it can be used. */
export function readDocument(text: string, problems: Problems): ConfigNode | undefined {
  const start: Place = { line: 1, column: 1 };
  if (Buffer.byteLength(text) > maxDocumentBytes) {
    problems.add(start, "", `the text is larger than ${maxDocumentBytes} bytes`);
    return undefined;
  }
  const excess = excessOf(text, { maxDepth, maxTokens });
  if (excess !== undefined) {
    problems.add(excess.place, "", excess.message);
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, strict: true, version: "1.2", schema: "core", logLevel: "error" });
  return new TreeReader({ text, lines, problems }).document(document);
}

interface TreeContext {
  readonly text: string;
  readonly lines: LineCounter;
  readonly problems: Problems;
}

class TreeReader {
  readonly #context: TreeContext;
  readonly #anchors = new Map<string, Node>();
  #left = maxNodes;
  /** A part of the tree is missing: what else could be said of it would only follow from that. */
  #incomplete = false;

  constructor(context: TreeContext) {
    this.#context = context;
  }

  document(document: Document.Parsed): ConfigNode | undefined {
    const { problems } = this.#context;
    const start: Place = { line: 1, column: 1 };
    if (document.directives.yaml.explicit && document.directives.yaml.version !== "1.2") {
      problems.add(start, "", `expected YAML 1.2, got ${document.directives.yaml.version}`, "remove the %YAML line");
    }
    this.#syntaxErrors(document);
    if (problems.any) return undefined;
    if (document.contents === null) {
      problems.add(start, "", "the document is empty");
      return undefined;
    }
    const root = this.#node(document.contents, 0);
    return this.#incomplete ? undefined : root;
  }

  #syntaxErrors({ errors }: Document.Parsed): void {
    const { problems, text } = this.#context;
    for (const { offset, message, hint } of syntaxMistakes(errors, text)) problems.add(this.#place(offset), "", message, hint);
  }

  #node(node: Node | null, depth: number): ConfigNode | undefined {
    const place = this.#place(node?.range?.[0] ?? 0);
    if (!this.#allows(place, depth)) return undefined;
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target !== undefined) return this.#node(target, depth + 1);
      this.#incomplete = true;
      this.#context.problems.add(place, "", `no anchor &${node.source} stands before the alias`);
      return undefined;
    }
    if (node?.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (node?.tag !== undefined) this.#context.problems.add(place, "", `tags such as ${node.tag} are not supported`, "remove the tag");
    if (isMap(node)) return { kind: "map", place, entries: this.#entries(node.items as readonly Pair[], depth) };
    if (isSeq(node)) return { kind: "list", place, items: node.items.flatMap((item) => this.#node(item as Node | null, depth + 1) ?? []) };
    return isScalar(node) ? this.#scalar(node, place) : emptyScalar(place);
  }

  #allows(place: Place, depth: number): boolean {
    const { problems } = this.#context;
    this.#left--;
    if (this.#left === -1) problems.add(place, "", `the document has more than ${maxNodes} values once its aliases are expanded`);
    if (depth > maxDepth && this.#left >= 0) problems.add(place, "", `nested deeper than ${maxDepth} levels, or an alias inside its own anchor`);
    const allowed = this.#left >= 0 && depth <= maxDepth;
    this.#incomplete ||= !allowed;
    return allowed;
  }

  #entries(pairs: readonly Pair[], depth: number): readonly MapEntry[] {
    const { problems } = this.#context;
    const entries: MapEntry[] = [];
    const names = new Set<string>();
    for (const { key, value } of pairs) {
      const namePlace = this.#place(key?.range?.[0] ?? 0);
      if (!isScalar(key)) {
        problems.add(namePlace, "", "expected a name, got a list, a mapping or an alias as the key");
        continue;
      }
      const name = typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
      if (names.has(name)) problems.add(namePlace, "", `the key ${JSON.stringify(name)} is given twice`);
      names.add(name);
      const read = value === null ? emptyScalar(namePlace) : this.#node(value, depth + 1);
      if (read !== undefined) entries.push({ name, namePlace, value: read });
    }
    return entries;
  }

  #scalar(node: Scalar, place: Place): ScalarNode {
    const { value } = node;
    const text = typeof value === "string" ? value : (node.source ?? String(value));
    const quoted = node.type !== "PLAIN" && node.type !== undefined;
    const known = value === null || typeof value === "boolean" || typeof value === "number" ? value : text;
    return { kind: "scalar", value: known, text, quoted, place, placeAt: (offset) => this.#placeInside(node, { text, offset }) };
  }

  /** Verbatim text maps to its characters, a literal block to its lines; else the start has to do. */
  #placeInside(node: Scalar, { text, offset }: { readonly text: string; readonly offset: number }): Place {
    const [start = 0, end = 0] = node.range ?? [];
    const source = this.#context.text.slice(start, end);
    if (node.type === "BLOCK_LITERAL") {
      const before = text.slice(0, offset).split("\n");
      const body = source.split("\n").slice(1);
      const indent = body.find((line) => line.trim() !== "")?.search(/\S/) ?? 0;
      return { line: this.#place(start).line + before.length, column: indent + (before.at(-1)?.length ?? 0) + 1 };
    }
    const skip = source.startsWith('"') || source.startsWith("'") ? 1 : 0;
    const verbatim = source.startsWith(text, skip);
    return this.#place(verbatim ? start + skip + offset : start);
  }

  #place(offset: number): Place {
    const { line, col } = this.#context.lines.linePos(offset);
    // Before any line break the counter knows no line.
    return line === 0 ? { line: 1, column: offset + 1 } : { line, column: col };
  }
}

interface Pair {
  readonly key: Node | null;
  readonly value: Node | null;
}

function emptyScalar(place: Place): ScalarNode {
  return { kind: "scalar", value: null, text: "", quoted: false, place, placeAt: () => place };
}
