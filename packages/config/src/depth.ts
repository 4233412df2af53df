// How deep a YAML text nests and of how many tokens it is made, measured without recursion: so that any text may be asked about.
import { Lexer } from "yaml";
import type { Place } from "./place.ts";

/** Bounds of a text. */
export interface TextBounds {
  readonly maxDepth: number;
  readonly maxTokens: number;
}

/** A text that is beyond its bounds: where, and why. */
export interface Excess {
  readonly place: Place;
  readonly message: string;
}

/** The first excess of a text; undefined where it keeps its bounds. Depth may be counted a level too many, never one too few. */
export function excessOf(text: string, { maxDepth, maxTokens }: TextBounds): Excess | undefined {
  const meter = new DepthMeter();
  let left = maxTokens;
  for (const token of new Lexer().lex(text)) {
    if (isMark(token.charCodeAt(0))) continue;
    const { place } = meter;
    meter.take(token);
    if (meter.depth > maxDepth) return { place, message: `nested deeper than ${maxDepth} levels` };
    if (--left < 0) return { place, message: `the document has more than ${maxTokens} tokens` };
  }
  return undefined;
}

class DepthMeter {
  #line = 1;
  #column = 1;
  /** Open brackets. */
  #flow = 0;
  /** Blocks that are open, by column, ascending. */
  readonly #blocks: number[] = [];
  /** Whether the next token may open a block: it is the first of its line, or follows an indicator. */
  #leads = true;

  get depth(): number {
    return this.#flow + this.#blocks.length;
  }

  get place(): Place {
    return { line: this.#line, column: this.#column };
  }

  take(token: string): void {
    const blank = isBlank(token.charCodeAt(0));
    if (token === "[" || token === "{") this.#flow++;
    else if ((token === "]" || token === "}") && this.#flow > 0) this.#flow--;
    if (!blank && this.#leads && this.#flow === 0) this.#openBlock(token);
    if (!blank) this.#leads = token === "-" || token === "?" || token === ":";
    this.#advance(token);
  }

  #openBlock(token: string): void {
    // A list may stand at the very column of the key that it belongs to.
    const block = 2 * this.#column + (token === "-" ? 1 : 0);
    while ((this.#blocks.at(-1) ?? 0) > block) this.#blocks.pop();
    if (this.#blocks.at(-1) !== block) this.#blocks.push(block);
  }

  #advance(token: string): void {
    const lastBreak = token.lastIndexOf("\n");
    if (lastBreak < 0) {
      this.#column += token.length;
      return;
    }
    this.#line += token.split("\n").length - 1;
    this.#column = token.length - lastBreak;
    this.#leads = true;
  }
}

/** The lexer's own marks: document start, flow end, scalar, byte order mark. */
function isMark(code: number): boolean {
  return code === 0x02 || code === 0x18 || code === 0x1f || code === 0xfeff;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
