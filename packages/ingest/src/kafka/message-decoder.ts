// Turns blocks of records into batches.
//   M1. Values of a format of lines are decoded all in one go, as if they were lines; where that does not give one record for each value (a value has line
//       ends in it), each is decoded alone. Both ways a record is what its value alone decodes to.
//       No value is the beginning of a stream: a byte order mark is a part of it.
//   M2. A value that is null, or not exactly one record, is rejected in its place.
import { type Batch, type Column, type Decoder, type DecoderFactory, type DecoderOptions, type RawRecords, type Rejected, StreamFlowError } from "@streamflow/core";
import type { SizedBatch } from "../batch-cutter.ts";
import { BatchDecoder } from "../codecs/batch-decoder.ts";
import { isTextFormat } from "../codecs/text-format.ts";
import { fieldValues, type RecordFieldName, type RecordFields } from "./record-fields.ts";
import { offsetAt, type RecordBlock } from "./record-block.ts";
import { type SingleDecoder, singleDecoder } from "./single-value.ts";

/** What a decoder of messages is made from. */
export interface MessageDecoderOptions {
  readonly partition: string;
  readonly factory: DecoderFactory;
  readonly decoder: DecoderOptions;
  readonly fields: RecordFields;
  readonly tombstones: "reject" | "skip";
  readonly maxRejectedBytes: number;
}

/** What decoding gave: records, and which of the block's each of them is. */
interface DecodedBlock {
  readonly batch: SizedBatch | undefined;
  /** Of each record, its place in the block. */
  readonly places: Int32Array;
  readonly rejected: readonly RejectedAt[];
}

interface RejectedAt extends Omit<Rejected, "position"> {
  readonly place: number;
}

/** Decodes the blocks of one partition. */
export class MessageDecoder {
  readonly #options: MessageDecoderOptions;
  readonly #lines: { readonly decoder: Decoder; readonly batches: BatchDecoder } | undefined;
  #single: SingleDecoder | undefined;

  constructor(options: MessageDecoderOptions) {
    this.#options = options;
    const { factory, decoder, partition, maxRejectedBytes } = options;
    // Positions are those of offsets in the bytes, until they are turned into offsets of records.
    if (!isTextFormat(factory.type)) return;
    const ofLines = factory.create(decoder);
    this.#lines = { decoder: ofLines, batches: new BatchDecoder({ decoder: ofLines, partition, isText: true, maxRejectedBytes, position: String }) };
  }

  decode(block: RecordBlock): SizedBatch {
    const decoded = this.#asLines(block) ?? this.#oneByOne(block);
    return this.#finish(block, decoded);
  }

  /** Undefined where the lines are not the values. */
  #asLines(block: RecordBlock): DecodedBlock | undefined {
    if (this.#lines === undefined) return undefined;
    const { bytes, length } = block.values;
    this.#lines.decoder.restore?.("");
    const { batch } = this.#lines.batches.decode({ bytes, from: 0, to: length, last: true, base: 0 });
    const decoded = aligned(block, batch, this.#options.factory.type === "lines");
    if (decoded === undefined) batch?.release?.();
    return decoded;
  }

  #oneByOne(block: RecordBlock): DecodedBlock {
    const { factory, decoder, maxRejectedBytes } = this.#options;
    const single = (this.#single ??= singleDecoder(factory, decoder));
    const { bytes, starts, ends } = block.values;
    const values: unknown[] = [];
    const places: number[] = [];
    const rejected: RejectedAt[] = [];
    for (let place = 0; place < block.length; place++) {
      const [start, end] = [starts[place]!, ends[place]!];
      if (start < 0) continue;
      const found: unknown[] = [];
      let error: StreamFlowError | undefined;
      single({ bytes, start, end }, { value: (value) => void found.push(value), reject: (why) => void (error ??= why) });
      if (error === undefined && found.length !== 1) error = new StreamFlowError("SF_CODEC_DECODE", `a message holds ${found.length === 0 ? "no record" : `${found.length} records`}, expected one`);
      if (error === undefined) {
        values.push(found[0]);
        places.push(place);
      } else rejected.push({ place, beforeIndex: values.length, error, ...cut(bytes.subarray(start, end), maxRejectedBytes) });
    }
    const placed = Int32Array.from(places);
    const raw = { bytes, starts: placed.map((i) => starts[i]!), ends: placed.map((i) => ends[i]!) };
    const batch: SizedBatch = { partition: this.#options.partition, length: values.length, values, raw, endPosition: "", byteLength: 1, positionAt: String };
    return { batch, places: placed, rejected };
  }

  #finish(block: RecordBlock, { batch, places, rejected }: DecodedBlock): SizedBatch {
    const { partition } = this.#options;
    const positionOf = (place: number): string => String(offsetAt(block, place) + 1n);
    const all = [...rejected, ...this.#tombstones(block, places)].sort((a, b) => a.place - b.place);
    const base: Batch = batch ?? { partition, length: 0, values: [], endPosition: "", byteLength: 1, positionAt: String };
    const done: SizedBatch = {
      ...base,
      ...this.#withFields(block, base, places),
      // Of all that was read: what was skipped is behind us as well.
      endPosition: positionOf(block.length - 1),
      byteLength: Math.max(1, block.byteLength),
      positionAt: (index) => positionOf(places[index] ?? block.length - 1),
    };
    if (all.length === 0) {
      const { rejected: _, ...clean } = done;
      return clean;
    }
    return { ...done, rejected: all.map(({ place, ...one }) => ({ ...one, position: positionOf(place) })) };
  }

  #tombstones(block: RecordBlock, places: Int32Array): readonly RejectedAt[] {
    if (this.#options.tombstones === "skip") return [];
    const found: RejectedAt[] = [];
    const { starts } = block.values;
    for (let place = 0; place < block.length; place++) {
      if (starts[place]! >= 0) continue;
      const error = new StreamFlowError("SF_CODEC_DECODE", "a message has no value (a tombstone)", { hint: "tombstones: skip leaves such messages out" });
      found.push({ place, beforeIndex: countBelow(places, place), error, raw: new Uint8Array(0) });
    }
    return found;
  }

  #withFields(block: RecordBlock, batch: Batch, places: Int32Array): Partial<Batch> {
    const { fields, partition } = this.#options;
    const names = Object.entries(fields) as [RecordFieldName, string][];
    if (names.length === 0) return {};
    const columns = names.map(([name, as]): Column => ({ name: as, values: fieldValues(name, { block, partition, places }) }));
    if (batch.columns !== undefined) return { columns: [...batch.columns, ...columns] };
    const values = (batch.values ?? []).map((value, i) => {
      const record: Record<string, unknown> = typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : { value };
      for (const { name, values: of } of columns) record[name] = of[i];
      return record;
    });
    return { values };
  }
}

/** The records of a batch beside the values that they came from; undefined where that is not one for one. `isExact`: a record is all of its value. */
function aligned(block: RecordBlock, batch: SizedBatch | undefined, isExact: boolean): DecodedBlock | undefined {
  const { starts, ends } = block.values;
  const { length = 0, rejected: refused = [], raw } = batch ?? {};
  const places = new Int32Array(length);
  const rejected: RejectedAt[] = [];
  let at = 0;
  for (let place = 0; place < block.length; place++) {
    const start = starts[place]!;
    if (start < 0) continue;
    const refusal = refused[rejected.length];
    if (refusal?.beforeIndex === at) {
      const { position, ...one } = refusal;
      if (Number(position) !== ends[place]! + 1) return undefined;
      rejected.push({ ...one, place });
    } else if (at < length && isOf(raw, at, { start, end: ends[place]!, isExact })) places[at++] = place;
    else return undefined;
  }
  return at === length && rejected.length === refused.length ? { batch, places, rejected } : undefined;
}

/** Whether record `at` lies within a value, or is all of it. */
function isOf(raw: RawRecords | undefined, at: number, { start, end, isExact }: { readonly start: number; readonly end: number; readonly isExact: boolean }): boolean {
  const [from = -1, to = -1] = [raw?.starts[at], raw?.ends[at]];
  return isExact ? from === start && to === end : from >= start && to <= end;
}

function countBelow(sorted: Int32Array, bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function cut(bytes: Uint8Array, most: number): { readonly raw: Uint8Array; readonly truncated?: boolean } {
  return { raw: bytes.slice(0, most), ...(bytes.length > most ? { truncated: true } : {}) };
}
