// Columns of texts for tests: as a decoder makes them.
import type { Column } from "../record.ts";
import { textMargin, TextStore } from "../types/text-store.ts";

/** A column of values: those that JSON escapes nothing in are bytes, the others are values. */
export function textColumn(name: string, values: readonly unknown[]): Column {
  const store = new TextStore(values.length);
  values.forEach((value, i) => {
    if (typeof value !== "string" || JSON.stringify(value) !== `"${value}"`) return store.put(i, value);
    const bytes = new Uint8Array(value.length * 3 + textMargin);
    const { written } = new TextEncoder().encodeInto(value, bytes);
    store.copy(i, new DataView(bytes.buffer), 0, written);
  });
  return store.column(name, values.length);
}
