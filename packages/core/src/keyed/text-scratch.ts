// Strings as bytes, for whoever finds texts by their bytes.
import { textMargin } from "../types/text-store.ts";

const encoder = new TextEncoder();

/** The bytes of one string at a time. */
export class TextScratch {
  bytes: DataView = new DataView(new ArrayBuffer(256));
  #all = new Uint8Array(this.bytes.buffer);

  /** Writes the UTF-8 of a text to the beginning of `bytes`. Answers where it ends; −1: it has none, for it holds half a surrogate pair. */
  write(text: string): number {
    if (3 * text.length + textMargin > this.#all.length) {
      this.#all = new Uint8Array(6 * text.length + textMargin);
      this.bytes = new DataView(this.#all.buffer);
    }
    const all = this.#all;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 127) return text.isWellFormed() ? encoder.encodeInto(text, all).written : -1;
      all[i] = unit;
    }
    return text.length;
  }
}
