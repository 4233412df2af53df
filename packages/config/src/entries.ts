// Sources, stages and sinks: their ids, and what each reads from.
//
// N1. Ids are unique. Those in the text are reserved first; the others follow core's rule, in order.
// N2. An entry reads from earlier entries alone, so there are no circles.
// N3. Without `from`, a stage reads from the entry before it, a sink from the last stage (the source where there is none).
import { generatedNodeId, nearest, nodeIdPattern, type ComponentSpec } from "@streamflow/core";
import type { ConfigNode, MapNode } from "./document.ts";
import type { Place } from "./place.ts";
import { invalid, join, refuse, type ReadContext } from "./slot.ts";
import { entryFields, entryKinds, type InputSpec, type NodeSpec } from "./spec.ts";
import { readReference, readType, readWord } from "./values.ts";

type EntryKind = (typeof entryKinds)[number]["kind"];

/** An entry of the text, not yet read. */
interface Entry {
  readonly kind: EntryKind;
  readonly node: MapNode;
  readonly path: string;
}

interface NamedEntry extends Entry {
  readonly id: string;
  readonly named: boolean;
}

/** Reads the entries of a document into nodes. What is wrong is reported, and left out. */
export function readEntries(root: MapNode, context: ReadContext): readonly NodeSpec[] {
  const entries = entryKinds.flatMap(({ kind, key }) => entriesOf(kind, { root, key }, context));
  const named = nameEntries(entries, context);
  const reader = new EntryReader(named, context);
  return named.flatMap((entry) => reader.read(entry) ?? []);
}

function entriesOf(kind: EntryKind, at: { readonly root: MapNode; readonly key: string }, context: ReadContext): readonly Entry[] {
  const { root, key } = at;
  const list = root.entries.find(({ name }) => name === key);
  const single = key === "sources" ? root.entries.find(({ name }) => name === "source") : undefined;
  if (single !== undefined && list !== undefined) context.problems.add(list.namePlace, key, 'expected either "source" or "sources", got both');
  if (single !== undefined) return asEntry(kind, { node: single.value, path: "source" }, context);
  if (list === undefined) {
    if (kind !== "stage") context.problems.add(root.place, key, `"${kind === "source" ? "source" : key}" is missing`);
    return [];
  }
  const { value } = list;
  if (value.kind !== "list") {
    refuse({ node: value, path: key, secret: false }, `a list of ${key}`, context, `begin each ${kind} with "- ", below ${key}:`);
    return [];
  }
  if (value.items.length === 0 && kind !== "stage") refuse({ node: value, path: key, secret: false }, `at least one ${kind}`, context);
  return value.items.flatMap((node, index) => asEntry(kind, { node, path: `${key}[${index}]` }, context));
}

function asEntry(kind: EntryKind, { node, path }: { readonly node: ConfigNode; readonly path: string }, context: ReadContext): readonly Entry[] {
  if (node.kind === "map") return [{ kind, node, path }];
  refuse({ node, path, secret: false }, `a ${kind}: a mapping with a "type"`, context);
  return [];
}

function nameEntries(entries: readonly Entry[], context: ReadContext): readonly NamedEntry[] {
  const taken = new Set<string>();
  const given = entries.map((entry) => givenId(entry, taken, context));
  return entries.map((entry, index) => {
    const id = given[index] ?? generatedNodeId(typeText(entry), taken);
    taken.add(id);
    return { ...entry, id, named: given[index] !== undefined };
  });
}

function givenId({ node, path }: Entry, taken: Set<string>, context: ReadContext): string | undefined {
  const entry = node.entries.find(({ name }) => name === "id");
  if (entry === undefined) return undefined;
  const slot = { node: entry.value, path: join(path, "id"), secret: false };
  const id = readWord(slot, context);
  if (id === undefined) return undefined;
  if (!nodeIdPattern.test(id)) refuse(slot, "an id of letters, digits, _ and -, starting with a letter, at most 100 long", context);
  else if (taken.has(id)) context.problems.add(entry.value.place, slot.path, `the id "${id}" is used by two entries`, "give one of them another id");
  taken.add(id);
  return id;
}

function typeText({ node, kind }: Entry): string {
  const type = node.entries.find(({ name }) => name === "type")?.value;
  return type?.kind === "scalar" && type.text !== "" ? type.text : kind;
}

class EntryReader {
  readonly #entries: readonly NamedEntry[];
  readonly #context: ReadContext;

  constructor(entries: readonly NamedEntry[], context: ReadContext) {
    this.#entries = entries;
    this.#context = context;
  }

  read(entry: NamedEntry): NodeSpec | undefined {
    const { kind, node, path, id, named } = entry;
    const slot = { node, path, secret: false };
    const spec = readType(kind, slot, this.#context);
    const inputNames = kind === "source" ? [] : this.#inputNames(kind, spec);
    const inputs = inputNames.flatMap((input, index) => this.#inputs(entry, { input, isFirst: index === 0 }));
    if (spec === undefined) return undefined;
    const component = readReference(spec, slot, this.#context, { elsewhere: elsewhere(kind, inputNames) });
    if (component === invalid) return undefined;
    return { id, named, kind, ...component, inputs, location: this.#location(node.place, path) };
  }

  #inputNames(kind: EntryKind, spec: ComponentSpec | undefined): readonly string[] {
    if (kind === "sink" || spec === undefined) return ["main"];
    return this.#context.registry.operators().find(({ type }) => type === spec.type)?.inputs ?? ["main"];
  }

  /** The main input is written `from`, any other by its name. */
  #inputs(entry: NamedEntry, { input, isFirst }: { readonly input: string; readonly isFirst: boolean }): readonly InputSpec[] {
    const key = input === "main" ? "from" : input;
    const written = entry.node.entries.find(({ name }) => name === key);
    const path = join(entry.path, key);
    if (written === undefined) {
      const from = isFirst ? this.#before(entry) : undefined;
      if (from !== undefined) return [{ input, node: from.id, output: "main", location: this.#location(entry.node.place, path) }];
      this.#context.problems.add(entry.node.place, path, `"${key}" is missing`, isFirst ? "there is more than one source: say which it reads from" : `name the entry that feeds the input "${input}"`);
      return [];
    }
    const items = written.value.kind === "list" ? written.value.items.map((node, index) => ({ node, path: `${path}[${index}]` })) : [{ node: written.value, path }];
    if (items.length === 0) refuse({ node: written.value, path, secret: false }, "at least one id", this.#context);
    return items.flatMap((item) => this.#reference(entry, { ...item, input }) ?? []);
  }

  #before(entry: NamedEntry): NamedEntry | undefined {
    const earlier = this.#earlier(entry);
    const stage = earlier.findLast(({ kind }) => kind === "stage");
    const sources = earlier.filter(({ kind }) => kind === "source");
    return stage ?? (sources.length === 1 ? sources[0] : undefined);
  }

  /** What an entry may read from. */
  #earlier(entry: NamedEntry): readonly NamedEntry[] {
    return this.#entries.slice(0, this.#entries.indexOf(entry)).filter(({ kind }) => kind !== "sink");
  }

  #reference(entry: NamedEntry, at: { readonly node: ConfigNode; readonly path: string; readonly input: string }): InputSpec | undefined {
    const text = readWord({ node: at.node, path: at.path, secret: false }, this.#context);
    if (text === undefined) return undefined;
    // Ids hold no dot; an output may.
    const dot = text.indexOf(".");
    const [id, output] = dot < 0 ? [text, "main"] : [text.slice(0, dot), text.slice(dot + 1)];
    const earlier = [...new Set(this.#earlier(entry).map((candidate) => candidate.id))];
    if (earlier.includes(id) && output !== "") return { input: at.input, node: id, output, location: this.#location(at.node.place, at.path) };
    const exists = this.#entries.find((candidate) => candidate.id === id);
    const near = nearest(id, earlier);
    const why = exists === undefined ? `no entry has the id "${id.slice(0, 60)}"` : exists.kind === "sink" ? `"${id}" is a sink, which has no output` : `"${id}" does not come before this entry`;
    const hint = exists === undefined && near !== undefined ? `did you mean "${near}"?` : `it may read from: ${earlier.join(", ") || "nothing"}`;
    this.#context.problems.add(at.node.place, at.path, output === "" ? "expected an id, or an id and an output such as window.late" : why, hint);
    return undefined;
  }

  #location(place: Place, path: string): NodeSpec["location"] {
    const { file } = this.#context.problems;
    return { ...(file === undefined ? {} : { file }), line: place.line, column: place.column, path };
  }
}

function elsewhere(kind: EntryKind, inputNames: readonly string[]): ReadonlySet<string> {
  const names = new Set(entryFields);
  // A source reads from nothing, and an operator without a main input has no `from`.
  if (!inputNames.includes("main")) names.delete("from");
  for (const name of inputNames) if (name !== "main") names.add(name);
  return kind === "source" ? new Set(["type", "id"]) : names;
}
