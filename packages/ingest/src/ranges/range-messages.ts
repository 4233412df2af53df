// What the pipeline's own thread and those that read ranges say to each other.
import type { BatchTotals, Projection, Schema, ThreadAdder, ThreadDecoder } from "@streamflow/core";
import type { RefusedLine } from "../codecs/batch-decoder.ts";
import type { LineRange } from "./line-range.ts";
import type { PackedColumn } from "./packed-column.ts";

/** A file, and how it is decoded. */
export interface ReaderSetup {
  readonly path: string;
  readonly decoder: ThreadDecoder;
  readonly schema: Schema;
  readonly projection: Projection;
  readonly maxRecordBytes: number;
  /** Ranges are not longer. */
  readonly rangeBytes: number;
  /** Set where records can be added up, too. */
  readonly adder?: ThreadAdder;
}

/** The range goes into the buffers of a slot, and is decoded there. */
export interface RangeOrder {
  readonly kind: "range";
  readonly reader: number;
  readonly work: number;
  readonly slot: number;
  readonly range: LineRange;
  /** Its records are to be added up, where there is an adder. */
  readonly adds: boolean;
}

/** To a thread. */
export type Order =
  | { readonly kind: "open"; readonly reader: number; readonly setup: ReaderSetup }
  | RangeOrder
  | { readonly kind: "close"; readonly reader: number };

/** The memory of a slot. */
export interface SlotMemory {
  readonly raw: SharedArrayBuffer;
  readonly columns: SharedArrayBuffer;
  readonly texts: SharedArrayBuffer;
  readonly totals: SharedArrayBuffer;
}

/** What a range gave. Offsets are bytes of the slot's `raw`. */
export interface RangeContent {
  readonly lead: number;
  /** As in `RangeLines`. */
  readonly first: number;
  readonly end: number;
  readonly isWhole: boolean;
  /** How many records. */
  readonly length: number;
  readonly refused: readonly RefusedLine[];
  /** The columns that are not numbers, in order. */
  readonly packed: readonly PackedColumn[];
  /** What the records come to, where they could be added up. */
  readonly totals?: PackedTotals;
}

/** Totals, of which the numbers are in the slot's memory: so many. */
export interface PackedTotals extends Omit<BatchTotals, "content"> {
  readonly count: number;
}

/** From a thread. */
export type Report =
  | { readonly kind: "ready" }
  /** `memory` is told where it is not what it was. */
  | { readonly kind: "done"; readonly work: number; readonly content: RangeContent; readonly memory?: SlotMemory }
  /** The range could not be read or decoded here: whoever wants it reads it himself, and finds out why. */
  | { readonly kind: "left"; readonly work: number };
