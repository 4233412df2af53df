// A batch without some of its records, which become rejected inputs in the same places.
import type { Batch, Column, Rejected } from "@streamflow/core";

/** Moves records out of a batch: `out` says by index what each becomes. Everything that runs beside the records is picked alike. */
export function pickRecords(batch: Batch, out: ReadonlyMap<number, Rejected>): Batch {
  const kept: number[] = [];
  /** How many records before each place are moved out. */
  const moved = new Int32Array(batch.length + 1);
  for (let i = 0; i < batch.length; i++) {
    moved[i + 1] = (moved[i] ?? 0) + (out.has(i) ? 1 : 0);
    if (!out.has(i)) kept.push(i);
  }
  const picked: { -readonly [K in keyof Batch]: Batch[K] } = {
    ...batch,
    length: kept.length,
    rejected: mergeRejected(batch, out, moved),
    positionAt: (index) => batch.positionAt(kept[index] ?? index),
  };
  if (batch.values !== undefined) picked.values = kept.map((i) => batch.values?.[i]);
  if (batch.columns !== undefined) picked.columns = batch.columns.map((column) => pickColumn(column, kept));
  if (batch.timestamps !== undefined) picked.timestamps = Float64Array.from(kept, (i) => batch.timestamps?.[i] ?? NaN);
  if (batch.keys !== undefined) picked.keys = kept.map((i) => batch.keys?.[i]);
  if (batch.changes !== undefined) picked.changes = Uint8Array.from(kept, (i) => batch.changes?.[i] ?? 0);
  if (batch.raw !== undefined) picked.raw = { bytes: batch.raw.bytes, starts: kept.map((i) => batch.raw?.starts[i] ?? 0), ends: kept.map((i) => batch.raw?.ends[i] ?? 0) };
  if (batch.transactionEnds !== undefined) picked.transactionEnds = batch.transactionEnds.map((end) => end - (moved[end] ?? 0));
  return picked;
}

/** Both kinds of rejected inputs, in their order, at the places of the shorter batch. */
function mergeRejected(batch: Batch, out: ReadonlyMap<number, Rejected>, moved: Int32Array): readonly Rejected[] {
  const before = (batch.rejected ?? []).map((one) => ({ one, place: one.beforeIndex, isRecord: 0 }));
  const own = [...out].map(([index, one]) => ({ one, place: index, isRecord: 1 }));
  return [...before, ...own]
    .sort((a, b) => a.place - b.place || a.isRecord - b.isRecord)
    .map(({ one, place }) => ({ ...one, beforeIndex: place - (moved[place] ?? 0) }));
}

function pickColumn(column: Column, kept: readonly number[]): Column {
  const values = kept.map((i) => column.values[i]);
  return column.valid === undefined ? { name: column.name, values } : { name: column.name, values, valid: Uint8Array.from(kept, (i) => column.valid?.[i] ?? 0) };
}
