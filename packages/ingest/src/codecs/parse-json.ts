// What JSON.parse should give, for every text.
//   JSON.parse of Node 24 (V8 13.6) takes a name that is written with an escape for another one that holds a backslash, where an object made before had that
//   name in the same place: `{"n\\":1}`, then `{"n\n":2}`. So a text with an escape in a name is taken apart here, name by name; all others go to JSON.parse.

/** Makes a value of a number: what JSON.parse makes of it, and its text. */
export type KeepNumber = (value: number, text: string) => unknown;

/**
 * Parses JSON text, whatever its names are written like.
 *
 * @throws SyntaxError for text that is not JSON.
 */
export function parseJson(text: string): unknown {
  return hasEscapedName(text) ? parseNames(text, (value) => value) : JSON.parse(text);
}

/** As {@link parseJson}; `keep` decides what a number becomes. */
export function parseJsonNumbers(text: string, keep: KeepNumber): unknown {
  if (hasEscapedName(text)) return parseNames(text, keep);
  const revive = (_: string, value: unknown, context: { readonly source?: string }): unknown => (typeof value === "number" && context.source !== undefined ? keep(value, context.source) : value);
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}

/** Whether JSON text has a name that is written with an escape. */
export function hasEscapedName(text: string): boolean {
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", at)) {
    at = stringEnd(text, at);
    if (at < 0) return false;
    let behind = at;
    while (isSpace(text.charCodeAt(behind))) behind++;
    if (text[behind] === ":") return true;
  }
  return false;
}

/** The offset behind the string that `at` is within, or -1 where it is not closed. */
function stringEnd(text: string, at: number): number {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return i + 1;
    if (code === 0x5c) i++;
  }
  return -1;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function parseNames(text: string, keep: KeepNumber): unknown {
  const found = new JsonText(text, keep).whole();
  // What is wrong with a text, JSON.parse says.
  return found === malformed ? JSON.parse(text) : found;
}

const malformed: unique symbol = Symbol("malformed");
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** An object or a list whose end has not come yet. */
interface Open {
  readonly made: Record<string, unknown> | unknown[];
  /** Of an object: the name of the value that comes next. */
  name: string;
}

/** Takes a text apart without recursion: nesting of any depth costs no stack. */
class JsonText {
  readonly #text: string;
  readonly #keep: KeepNumber;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(text: string, keep: KeepNumber) {
    this.#text = text;
    this.#keep = keep;
  }

  whole(): unknown {
    for (;;) {
      let value = this.#begin();
      if (value === opened) continue;
      // Every object or list that ends here is a value in its turn.
      while (value !== malformed && this.#open.length > 0) {
        const next = this.#add(value);
        if (next === opened) break;
        value = next;
      }
      if (value === malformed) return malformed;
      if (this.#open.length > 0) continue;
      this.#space();
      return this.#at === this.#text.length ? value : malformed;
    }
  }

  /** Reads a scalar or an empty object or list; or opens one that is not empty, up to its first value. */
  #begin(): unknown {
    this.#space();
    const first = this.#text[this.#at];
    if (first === '"') return this.#string();
    if (first !== "{" && first !== "[") return this.#scalar();
    this.#at++;
    this.#space();
    const isObject = first === "{";
    if (this.#text[this.#at] === (isObject ? "}" : "]")) {
      this.#at++;
      return isObject ? {} : [];
    }
    const open: Open = { made: isObject ? {} : [], name: "" };
    this.#open.push(open);
    return isObject ? this.#name(open) : opened;
  }

  /** Adds a value to what is open: then comes its next value, or it is whole itself. */
  #add(value: unknown): unknown {
    const open = this.#open[this.#open.length - 1]!;
    const { made } = open;
    if (Array.isArray(made)) made.push(value);
    else setField(made, open.name, value);
    this.#space();
    const behind = this.#text[this.#at++];
    if (behind === ",") return Array.isArray(made) ? opened : this.#name(open);
    if (behind !== (Array.isArray(made) ? "]" : "}")) return malformed;
    this.#open.pop();
    return made;
  }

  #name(open: Open): unknown {
    this.#space();
    const name = this.#text[this.#at] === '"' ? this.#string() : malformed;
    this.#space();
    if (typeof name !== "string" || this.#text[this.#at++] !== ":") return malformed;
    open.name = name;
    return opened;
  }

  #string(): unknown {
    const start = this.#at;
    const end = stringEnd(this.#text, start + 1);
    if (end < 0) return malformed;
    this.#at = end;
    try {
      return JSON.parse(this.#text.slice(start, end)) as string;
    } catch {
      return malformed;
    }
  }

  #scalar(): unknown {
    scalar.lastIndex = this.#at;
    const text = scalar.exec(this.#text)?.[0];
    if (text === undefined) return malformed;
    this.#at += text.length;
    if (text === "null") return null;
    if (text === "true" || text === "false") return text === "true";
    return this.#keep(Number(text), text);
  }

  #space(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
  }
}

/** What opens, or goes on with, an object or a list. */
const opened: unique symbol = Symbol("opened");

function setField(made: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  else made[name] = value;
}
