// Writers for the forms that columns come in: made when a form is first seen.
import type { Column } from "@streamflow/core";
import type { ColumnWriter } from "./row-code.ts";

const maxForms = 8;

/** Chooses the writer for columns. */
export class ColumnWriters {
  readonly #make: (columns: readonly Column[]) => ColumnWriter;
  readonly #writers = new Map<string, ColumnWriter>();

  /** `make` makes the writer for columns of these names, of which the same ones may lack values. */
  constructor(make: (columns: readonly Column[]) => ColumnWriter) {
    this.#make = make;
  }

  /** undefined: there were too many forms already. */
  of(columns: readonly Column[]): ColumnWriter | undefined {
    const form = JSON.stringify(columns.map(({ name, valid }) => [name, valid !== undefined]));
    const known = this.#writers.get(form);
    if (known !== undefined || this.#writers.size >= maxForms) return known;
    const made = this.#make(columns);
    this.#writers.set(form, made);
    return made;
  }
}
