// How the cells of a batch's records are written: from the records, or from columns where the batch has them. A text that is bytes already is copied, and never a string.
import type { Column, SinkBatch, Texts } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { fieldReader } from "../field.ts";
import type { CopyBuffer } from "./postgres-binary.ts";
import type { PostgresTable, WritableColumn } from "./postgres-table.ts";

/** Writes a cell of record `index`. @throws SF_SCHEMA_VIOLATION where the table cannot hold the value */
export type WriteCell = (index: number, out: CopyBuffer) => void;

/** The way to write a table's rows. */
export class CellWriters {
  readonly #table: PostgresTable;
  readonly #readers: readonly ReturnType<typeof fieldReader>[];

  constructor(table: PostgresTable) {
    this.#table = table;
    this.#readers = table.columns.map(({ name }) => fieldReader(name));
  }

  /** A writer for each column of the table. They are good as long as the batch is. */
  of(batch: SinkBatch): readonly WriteCell[] {
    const { columns } = batch;
    if (columns !== undefined && !this.#table.isScalar) return this.#table.columns.map((target) => fromColumn(target, columns.find(({ name }) => name === target.name)));
    const { values } = batch;
    return this.#table.columns.map(({ write }, at) => {
      const read = this.#table.isScalar ? undefined : this.#readers[at];
      return read === undefined ? (index, out) => write(values[index], out) : (index, out) => write(read(rowOf(values[index])), out);
    });
  }
}

function rowOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  throw new StreamFlowError("SF_SCHEMA_VIOLATION", `a record must be an object with named fields, got ${value === null ? "null" : typeof value}`);
}

function fromColumn({ write, takesTexts }: WritableColumn, column: Column | undefined): WriteCell {
  if (column === undefined) return (_index, out) => write(undefined, out);
  const { valid, texts } = column;
  if (texts !== undefined && takesTexts) return fromTexts(write, texts, valid);
  const { values } = column;
  if (valid === undefined) return (index, out) => write(values[index], out);
  return (index, out) => write(valid[index] === 1 ? values[index] : null, out);
}

function fromTexts(write: WritableColumn["write"], { bytes, starts, ends, others }: Texts, valid: Uint8Array | undefined): WriteCell {
  return (index, out) => {
    const start = starts[index] ?? -1;
    if (valid !== undefined && valid[index] !== 1) write(null, out);
    else if (start < 0) write(others[index], out);
    else out.sizedBytes(bytes, start, ends[index] ?? start);
  };
}
