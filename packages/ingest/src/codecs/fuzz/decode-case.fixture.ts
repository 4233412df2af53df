// Decodes a stream as its case says, and counts what a scanner took by itself.
import type { Column, DecodedColumn, Decoder, DecodeOutput } from "@streamflow/core";
import { ColumnStore } from "../column-store.ts";
import { csv } from "../csv/csv.ts";
import { ndjson } from "../ndjson/ndjson.ts";
import { bytesOf, type FuzzCase, type Item } from "./fuzz-case.fixture.ts";

/** What a decoder made of a stream. */
export interface DecodedCase {
  readonly items: readonly Item[];
  /** Records that were not left to the slow path. */
  readonly fast: number;
}

/** What decoders with a scanner have: the slow path for one record. */
interface Scanning {
  odd(...given: unknown[]): unknown;
}

/** Decodes a stream. */
export function decodeCase(one: FuzzCase): DecodedCase {
  const { schema, projection, columns, texts, maxRecordBytes } = one;
  const factory = one.format === "csv" ? csv(one.csv) : ndjson();
  return new Run(() => factory.create({ projection, columns, maxRecordBytes, texts, ...(schema === undefined ? {} : { schema }) })).whole(one);
}

class Run {
  readonly #create: () => Decoder;
  #decoder: Decoder;
  readonly #items: Item[] = [];
  #slow = 0;
  #isOdd = false;
  /** As for batches: what one piece left in it, and taught it, is there for the next. */
  #store: CountingStore | undefined;

  constructor(create: () => Decoder) {
    this.#create = create;
    this.#decoder = this.#watched(create());
  }

  /** A decoder that tells when it is on its slow path. */
  #watched(decoder: Decoder): Decoder {
    const scanning = decoder as unknown as Scanning;
    const odd = scanning.odd.bind(decoder);
    scanning.odd = (...given) => {
      this.#isOdd = true;
      const answer = odd(...given);
      this.#isOdd = false;
      return answer;
    };
    return decoder;
  }

  #restart(): void {
    const state = this.#decoder.snapshot?.() ?? "";
    this.#decoder = this.#watched(this.#create());
    this.#decoder.restore?.(state);
  }

  whole(one: FuzzCase): DecodedCase {
    const input = bytesOf(one);
    const ends = [...new Set([...one.cuts.filter((cut) => cut < input.length), input.length])].sort((a, b) => a - b);
    let rest: Uint8Array = new Uint8Array(0);
    let start = 0;
    for (const [i, end] of ends.entries()) {
      if (one.restarts && i > 0) this.#restart();
      // Hostile bytes before and behind, and as little memory behind as may be: nothing but the input may matter.
      const [front, behind] = [i % 3, (i * 5) % 14];
      const buffer = new Uint8Array(front + rest.length + end - start + behind).fill(i % 2 === 0 ? 0x22 : 0x0a);
      buffer.set(rest, front);
      buffer.set(input.subarray(start, end), front + rest.length);
      const to = buffer.length - behind;
      const used = this.#piece(buffer, { from: front, to, last: end === input.length });
      rest = buffer.slice(used, to);
      start = end;
      buffer.fill(0x22);
    }
    return { items: this.#items, fast: this.#items.length - this.#slow };
  }

  #piece(bytes: Uint8Array, { from, to, last }: { readonly from: number; readonly to: number; readonly last: boolean }): number {
    const decoder = this.#decoder;
    const out: DecodeOutput = {
      value: (value, start, end) => this.#add({ value, code: undefined, raw: bytes.slice(start, end) }),
      reject: (error, start, end, raw) => this.#add({ value: undefined, code: error.code, raw: raw ?? bytes.slice(start, end) }),
    };
    if (decoder.columns === undefined || decoder.decodeColumns === undefined) return decoder.decode(bytes, from, to, last, out);
    const rejected: { readonly before: number; readonly item: Item }[] = [];
    const store = (this.#store ??= new CountingStore(decoder.columns));
    store.clear();
    store.refuse = (error, start, end, raw) => {
      if (this.#isOdd) this.#slow++;
      rejected.push({ before: store.length, item: { value: undefined, code: error.code, raw: raw ?? bytes.slice(start, end) } });
    };
    const used = decoder.decodeColumns(bytes, from, to, last, store);
    this.#slow += store.rows;
    const columns = store.taken();
    for (let row = 0; row <= store.length; row++) {
      while (rejected[0]?.before === row) this.#items.push(rejected.shift()!.item);
      if (row < store.length) this.#items.push({ value: rowOf(columns, row), code: undefined, raw: bytes.slice(store.starts[row], store.ends[row]) });
    }
    return used;
  }

  #add(item: Item): void {
    this.#items.push(item);
    if (this.#isOdd) this.#slow++;
  }
}

/** Counts what comes as rows. */
class CountingStore extends ColumnStore {
  rows = 0;
  refuse: DecodeOutput["reject"] = () => undefined;

  constructor(wanted: readonly DecodedColumn[]) {
    super(wanted, { value: () => undefined, reject: (...given) => this.refuse(...given) });
  }

  override clear(): void {
    super.clear();
    this.rows = 0;
  }

  override value(row: unknown, start: number, end: number): void {
    this.rows++;
    super.value(row, start, end);
  }
}

function rowOf(columns: readonly Column[], row: number): unknown {
  return Object.fromEntries(columns.map(({ name, values, valid }) => [name, valid === undefined || valid[row] === 1 ? values[row] : null]));
}
