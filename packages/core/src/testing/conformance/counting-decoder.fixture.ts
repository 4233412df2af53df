// A decoder of lines that says that threads may share them, and numbers them all the same: what becomes of a line depends on those before it.
import type { Decoder, DecoderFactory, DecodeOutput } from "../../contracts/codec.ts";

class CountingDecoder implements Decoder {
  #count = 0;

  // oxlint-disable-next-line max-params -- the contract's parameters
  decode(bytes: Uint8Array, from: number, to: number, last: boolean, out: DecodeOutput): number {
    let at = from;
    while (at < to) {
      const found = bytes.subarray(at, to).indexOf(10);
      if (found < 0 && !last) return at;
      const end = found < 0 ? to : at + found;
      out.value(this.#count++, at, end);
      at = end + 1;
    }
    return to;
  }

  restore(): void {
    this.#count = 0;
  }
}

export function countingLines(): DecoderFactory {
  return { type: "counted", lineThreads: { module: import.meta.url, name: "countingLines", options: undefined }, create: () => new CountingDecoder() };
}
