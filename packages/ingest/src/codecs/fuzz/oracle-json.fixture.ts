// What a line of JSON means, by other code than the decoder's: JSON.parse, and where its platform defect could speak, a small parser by recursion.
import { StreamFlowError } from "@streamflow/core";

/** A number and how it is written. */
export class Numeral {
  readonly value: number;
  readonly text: string;

  constructor(text: string) {
    this.value = Number(text);
    this.text = text;
  }
}

function notJson(): StreamFlowError {
  return new StreamFlowError("SF_CODEC_DECODE", "not JSON");
}

/** Parses a text; with `numerals`, numbers come as {@link Numeral}. @throws {@link StreamFlowError} SF_CODEC_DECODE */
export function oracleJson(text: string, numerals: boolean): unknown {
  // JSON.parse cannot be trusted with escapes in names: see parse-json.ts.
  if (text.includes("\\")) return byRecursion(text, numerals);
  const revive = (_: string, value: unknown, context: { readonly source?: string }): unknown => (typeof value === "number" ? new Numeral(context.source ?? "?") : value);
  try {
    return numerals ? JSON.parse(text, revive as (key: string, value: unknown) => unknown) : JSON.parse(text);
  } catch {
    throw notJson();
  }
}

// oxlint-disable-next-line no-control-regex -- JSON refuses them in strings
const token = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))/y;

type Token = readonly [kind: "mark" | "string" | "number" | "word" | "end", text: string];

function tokensOf(text: string): Token[] {
  const found: Token[] = [];
  token.lastIndex = 0;
  let at = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    at = token.lastIndex;
    const [, mark, string, number, word] = match;
    found.push(mark !== undefined ? ["mark", mark] : string !== undefined ? ["string", string] : number !== undefined ? ["number", number] : ["word", word ?? ""]);
  }
  if (/[^ \t\r\n]/.test(text.slice(at))) throw notJson();
  return [...found, ["end", ""]];
}

/** @throws {@link StreamFlowError} SF_CODEC_DECODE */
export function byRecursion(text: string, numerals: boolean): unknown {
  const tokens = tokensOf(text);
  let at = 0;
  const take = (): Token => tokens[at++] ?? ["end", ""];
  const expect = (mark: string): void => {
    const [kind, found] = take();
    if (kind !== "mark" || found !== mark) throw notJson();
  };
  const next = (): string => (tokens[at]?.[0] === "mark" ? tokens[at]![1] : "");
  const value = (): unknown => {
    const [kind, found] = take();
    if (kind === "string") return unescaped(found);
    if (kind === "number") return numerals ? new Numeral(found) : Number(found);
    if (kind === "word") return found === "null" ? null : found === "true";
    if (found === "[") return list();
    if (found === "{") return object();
    throw notJson();
  };
  const list = (): unknown[] => {
    const items: unknown[] = [];
    if (next() === "]") at++;
    else {
      do items.push(value());
      while (next() === "," && at++ >= 0);
      expect("]");
    }
    return items;
  };
  const object = (): unknown => {
    const fields = new Map<string, unknown>();
    if (next() === "}") at++;
    else {
      do {
        const [kind, name] = take();
        if (kind !== "string") throw notJson();
        expect(":");
        fields.set(unescaped(name), value());
      } while (next() === "," && at++ >= 0);
      expect("}");
    }
    return Object.fromEntries(fields);
  };
  const whole = value();
  if (take()[0] !== "end") throw notJson();
  return whole;
}

const short: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function unescaped(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(?:u(....)|(.))/g, (_, unit: string | undefined, letter: string) => (unit === undefined ? (short[letter] ?? letter) : String.fromCharCode(Number.parseInt(unit, 16))));
}
