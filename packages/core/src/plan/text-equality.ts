// Whether a text that is still bytes is a string, without making one: the condition in generated code.
import type { TextCode } from "../contracts/operator-code.ts";

/** Longer strings are seldom compared with, and make long code. */
const maxBytes = 32;
const encoder = new TextEncoder();

/**
 * A condition: whether a text is `literal`, by its bytes, four at a time; `otherwise` where it is no bytes. undefined for a literal that is too
 * long, or that no UTF-8 says.
 */
export function textEquals({ bytes, start, end }: TextCode, literal: string, otherwise: string): string | undefined {
  const utf8 = encoder.encode(literal);
  if (utf8.length > maxBytes || !literal.isWellFormed()) return undefined;
  const view = new DataView(new ArrayBuffer(maxBytes + 4));
  utf8.forEach((byte, at) => view.setUint8(at, byte));
  const words = Array.from({ length: Math.ceil(utf8.length / 4) }, (_, at) => {
    const load = `${bytes}.getInt32(${start}+${at * 4},true)`;
    const word = view.getInt32(at * 4, true);
    // What stands behind the text is shifted out.
    const behind = 8 * Math.max(0, at * 4 + 4 - utf8.length);
    return behind === 0 ? `&&${load}===${word}` : `&&(${load}^${word})<<${behind}===0`;
  });
  return `(${start}>=0?${end}-${start}===${utf8.length}${words.join("")}:${otherwise})`;
}
