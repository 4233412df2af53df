// Feeds decoders with pieces of an input, for the tests of this package.
import type { Column, Decoder } from "@streamflow/core";
import { ColumnStore } from "../codecs/column-store.ts";

/** What a decoder reported: values, and `!CODE` for what it rejected. */
export interface Decoded {
  readonly items: unknown[];
  /** The text of each item. */
  readonly raw: string[];
}

/** Feeds a decoder with pieces of an input: `cuts` are the offsets at which it ends a piece. */
export function decodeAll(decoder: Decoder, input: Uint8Array, cuts: readonly number[] = []): Decoded {
  const decoded: Decoded = { items: [], raw: [] };
  const text = (start: number, end: number): string => Buffer.from(buffer.subarray(start, end)).toString("latin1");
  let buffer = new Uint8Array(0);
  const out = {
    value: (value: unknown, start: number, end: number): void => {
      decoded.items.push(value);
      decoded.raw.push(text(start, end));
    },
    reject: (error: { code: string }, start: number, end: number, raw?: Uint8Array): void => {
      decoded.items.push(`!${error.code}`);
      decoded.raw.push(raw === undefined ? text(start, end) : Buffer.from(raw).toString("latin1"));
    },
  };
  let rest = new Uint8Array(0);
  const ends = [...new Set([...cuts, input.length])].filter((cut) => cut <= input.length).sort((a, b) => a - b);
  let start = 0;
  const piece = pieceDecoder(decoder, out);
  for (const end of ends) {
    // Exact memory, with hostile bytes behind where there is room: nothing behind the input may matter.
    buffer = new Uint8Array(rest.length + end - start);
    buffer.set(rest);
    buffer.set(input.subarray(start, end), rest.length);
    const used = piece(buffer, end === input.length);
    rest = buffer.slice(used);
    start = end;
    buffer.fill(0x22);
  }
  return decoded;
}

type Out = Parameters<Decoder["decode"]>[4];

/** Decodes one piece after the other, each in one call; what comes as columns is reported as rows. */
function pieceDecoder(decoder: Decoder, out: Out): (buffer: Uint8Array, last: boolean) => number {
  const { columns } = decoder;
  if (columns === undefined) return (buffer, last) => decoder.decode(buffer, 0, buffer.length, last, out);
  let rejected: { readonly before: number; readonly report: () => void }[] = [];
  // As for batches: what one piece taught the store holds for the next.
  const store: ColumnStore = new ColumnStore(columns, { ...out, reject: (...given) => void rejected.push({ before: store.length, report: () => out.reject(...given) }) });
  return (buffer, last) => {
    store.clear();
    rejected = [];
    const used = decoder.decodeColumns?.(buffer, 0, buffer.length, last, store) ?? 0;
    const taken = store.taken();
    for (let row = 0; row <= store.length; row++) {
      for (const { before, report } of rejected) if (before === row) report();
      if (row < store.length) out.value(rowOf(taken, row), store.starts[row] ?? 0, store.ends[row] ?? 0);
    }
    return used;
  };
}

function rowOf(columns: readonly Column[], row: number): unknown {
  const made: Record<string, unknown> = {};
  for (const { name, values, valid } of columns) Object.defineProperty(made, name, { value: valid === undefined || valid[row] === 1 ? values[row] : null, enumerable: true, writable: true, configurable: true });
  return made;
}
