// Makes the use of a batch after its release visible.
import type { Batch } from "../record.ts";

/** What stands in the place of a value that nobody may read any more. */
export const poison: unique symbol = Symbol("a value of a batch that was released");

/** Overwrites every buffer of a batch, as its producer may do once it is released (B4). */
export function poisonBatch(batch: Batch): void {
  batch.timestamps?.fill(-1e300);
  batch.changes?.fill(0xee);
  batch.raw?.bytes.fill(0xee);
  for (const list of [batch.raw?.starts, batch.raw?.ends]) poisonNumbers(list);
  for (const list of [batch.values, batch.keys]) poisonList(list);
  for (const column of batch.columns ?? []) {
    const { valid, texts } = column;
    if (texts !== undefined) {
      texts.starts.fill(-1);
      poisonList(texts.others);
      continue;
    }
    const { values } = column;
    if (values instanceof BigInt64Array) values.fill(-0x7eeen);
    else if (Array.isArray(values)) poisonList(values);
    else (values as Float64Array).fill(0xee);
    valid?.fill(0);
  }
}

function poisonList(list: readonly unknown[] | undefined): void {
  (list as unknown[] | undefined)?.fill(poison);
}

function poisonNumbers(list: Int32Array | readonly number[] | undefined): void {
  (list as Int32Array | undefined)?.fill(0x7eeeeeee);
}
