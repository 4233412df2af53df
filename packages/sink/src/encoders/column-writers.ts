// Writers for the forms that columns come in: made when a form is first seen.
import type { Column } from "@streamflow/core";
import type { ByteBuffer } from "./byte-buffer.ts";
import type { ColumnRead, ColumnWriter } from "./row-code.ts";

const maxForms = 8;
/** So many a call: V8 compiles a function that returns soon as a whole, and one that loops for long several times. */
const recordsAtOnce = 256;

/** Chooses the writer for columns. */
export class ColumnWriters {
  readonly #make: (columns: readonly Column[]) => ColumnWriter;
  readonly #writers = new Map<string, ColumnWriter>();

  /** `make` makes the writer for columns of these names and forms. */
  constructor(make: (columns: readonly Column[]) => ColumnWriter) {
    this.#make = make;
  }

  /** Writes records `[from, to)`; answers the first that it could not write: none, where there were too many forms already. */
  write(columns: readonly Column[], { from, to }: { readonly from: number; readonly to: number }, out: ByteBuffer): number {
    const writer = this.#of(columns);
    if (writer === undefined) return from;
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + recordsAtOnce);
      at = writer(columns, { from: at, to: end }, out);
      if (at < end) return at;
    }
    return to;
  }

  #of(columns: readonly Column[]): ColumnWriter | undefined {
    const form = JSON.stringify(columns.map((column) => [column.name, formOf(column)]));
    const known = this.#writers.get(form);
    if (known !== undefined || this.#writers.size >= maxForms) return known;
    const made = this.#make(columns);
    this.#writers.set(form, made);
    return made;
  }
}

/** How the column of a name is read. */
export function readOf(columns: readonly Column[], name: string): ColumnRead {
  const at = columns.findIndex((column) => column.name === name);
  return { column: at, form: at < 0 ? "plain" : formOf(columns[at]!) };
}

function formOf(column: Column): ColumnRead["form"] {
  if (column.texts !== undefined) return "texts";
  if (column.valid !== undefined) return "mayLack";
  return column.values instanceof Float64Array ? "numbers" : "plain";
}
