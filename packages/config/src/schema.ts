// Data types as people write them:
//
//   type   = base [ "?" ]                         the "?" allows null
//   base   = bool | int32 | int64 | float64 | string | bytes | timestamp | any
//          | decimal(precision, scale) | [type] | map(type, type) | { name: type, … }
//
// In YAML, lists and mappings may be written as such; a name with a "?" behind it is a nullable field.
import { StreamFlowError, type DataType, type Field, type PrimitiveName } from "@streamflow/core";

const primitives: ReadonlySet<string> = new Set<PrimitiveName>(["bool", "int32", "int64", "float64", "string", "bytes", "timestamp"]);
const maxTypeDepth = 64;
const maxPrecision = 38;
const token = /\s*(?:([A-Za-z_][\w$-]*)|(\d+)|("(?:[^"\\]|\\.)*")|([[\](){},:?]))/y;

/** Names of types, for messages. */
export const typeNames: readonly string[] = [...primitives, "any", "decimal", "map"];

/**
 * Reads a data type such as `{ id: int64, tags: [string]?, price: decimal(10, 2) }`.
 *
 * @throws {@link StreamFlowError} `SF_SCHEMA_INVALID`, with `location.column` counting from 1 in `text`.
 * @example
 * ```ts
 * import { parseDataType } from "@streamflow/config";
 *
 * parseDataType("[string]?"); // => { type: "list", element: { type: "string" }, nullable: true }
 * ```
 */
export function parseDataType(text: string): DataType {
  const parser = new TypeParser(text);
  return parser.whole();
}

/** Writes a data type as `parseDataType` reads it. */
export function formatDataType(type: DataType): string {
  return formatBase(type) + (type.nullable === true ? "?" : "");
}

function formatBase(type: DataType): string {
  switch (type.type) {
    case "decimal":
      return `decimal(${type.precision}, ${type.scale})`;
    case "list":
      return `[${formatDataType(type.element)}]`;
    case "map":
      return `map(${formatDataType(type.key)}, ${formatDataType(type.value)})`;
    case "struct":
      return `{ ${type.fields.map((field) => `${formatName(field.name)}: ${formatDataType(field.type)}`).join(", ")} }`;
    default:
      return type.type;
  }
}

function formatName(name: string): string {
  return /^[A-Za-z_][\w$-]*$/.test(name) ? name : JSON.stringify(name);
}

interface Token {
  readonly kind: "word" | "number" | "name" | "mark" | "end";
  readonly text: string;
  readonly offset: number;
}

/** A parser by recursive descent; the depth is bounded. */
class TypeParser {
  readonly #text: string;
  #at = 0;
  #next: Token;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  whole(): DataType {
    const type = this.#type();
    if (this.#next.kind !== "end") throw this.#refuse("the end of the type");
    return type;
  }

  #type(): DataType {
    if (++this.#depth > maxTypeDepth) throw this.#fail(`nested deeper than ${maxTypeDepth} levels`);
    const type = this.#base();
    this.#depth--;
    if (!this.#skip("?")) return type;
    return { ...type, nullable: true };
  }

  #base(): DataType {
    if (this.#skip("[")) {
      const element = this.#type();
      this.#expect("]");
      return { type: "list", element };
    }
    if (this.#skip("{")) return { type: "struct", fields: this.#fields() };
    const { kind, text, offset } = this.#next;
    if (kind !== "word") throw this.#refuse("a type");
    this.#next = this.#read();
    if (text === "any") return { type: "any" };
    if (text === "map") return this.#map();
    if (text === "decimal") return this.#decimal(offset);
    if (!primitives.has(text)) throw this.#fail(`no type is called "${text}"`, { offset, hint: `types: ${typeNames.join(", ")}, [type], { name: type }` });
    return { type: text as PrimitiveName };
  }

  #map(): DataType {
    this.#expect("(");
    const key = this.#type();
    this.#expect(",");
    const value = this.#type();
    this.#expect(")");
    return { type: "map", key, value };
  }

  #decimal(offset: number): DataType {
    this.#expect("(");
    const precision = this.#number();
    this.#expect(",");
    const scale = this.#number();
    this.#expect(")");
    if (precision < 1 || precision > maxPrecision || scale > precision) {
      throw this.#fail(`decimal needs a precision of 1 to ${maxPrecision} and a scale of at most the precision, got decimal(${precision}, ${scale})`, { offset });
    }
    return { type: "decimal", precision, scale };
  }

  #fields(): readonly Field[] {
    const fields: Field[] = [];
    const names = new Set<string>();
    while (!this.#skip("}")) {
      if (fields.length > 0) this.#expect(",");
      const { offset } = this.#next;
      const name = this.#name();
      if (names.has(name)) throw this.#fail(`the field ${JSON.stringify(name)} is given twice`, { offset });
      names.add(name);
      this.#expect(":");
      fields.push({ name, type: this.#type() });
    }
    return fields;
  }

  #name(): string {
    const { kind, text } = this.#next;
    if (kind !== "word" && kind !== "name") throw this.#refuse("a field name");
    this.#next = this.#read();
    if (kind === "word") return text;
    try {
      return JSON.parse(text) as string;
    } catch {
      throw this.#fail(`${text} is no quoted name`);
    }
  }

  #number(): number {
    if (this.#next.kind !== "number") throw this.#refuse("a number");
    const value = Number(this.#next.text);
    this.#next = this.#read();
    return value;
  }

  #skip(mark: string): boolean {
    if (this.#next.kind !== "mark" || this.#next.text !== mark) return false;
    this.#next = this.#read();
    return true;
  }

  #expect(mark: string): void {
    if (!this.#skip(mark)) throw this.#refuse(`"${mark}"`);
  }

  #read(): Token {
    token.lastIndex = this.#at;
    const match = token.exec(this.#text);
    if (match === null) {
      const offset = this.#at + (/^\s*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0);
      if (offset < this.#text.length) throw this.#fail(`unexpected ${JSON.stringify(this.#text.charAt(offset))}`, { offset });
      return { kind: "end", text: "", offset };
    }
    this.#at = token.lastIndex;
    const [, word, number, name, mark] = match;
    const text = word ?? number ?? name ?? mark ?? "";
    const kind = word !== undefined ? "word" : number !== undefined ? "number" : name !== undefined ? "name" : "mark";
    return { kind, text, offset: this.#at - text.length };
  }

  #refuse(expected: string): StreamFlowError {
    const { kind, text } = this.#next;
    return this.#fail(`expected ${expected}, got ${kind === "end" ? "the end" : JSON.stringify(text)}`);
  }

  #fail(message: string, at: { readonly offset?: number; readonly hint?: string } = {}): StreamFlowError {
    const { offset = this.#next.offset, hint } = at;
    return new StreamFlowError("SF_SCHEMA_INVALID", message, { location: { line: 1, column: offset + 1 }, ...(hint === undefined ? {} : { hint }) });
  }
}
