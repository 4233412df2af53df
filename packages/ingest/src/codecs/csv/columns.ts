// The columns of a CSV stream, and the rows that its records become.
import { coerceJson, coerceText, nearest, StreamFlowError, type DataType, type DecoderOptions } from "@streamflow/core";
import { recordMaker, type RecordMaker } from "../../row-maker.ts";
import type { CsvRecord } from "./record-reader.ts";
import { hasEscapedName, parseJson } from "../parse-json.ts";
import { wantedField, wantedOf } from "../projection.ts";
import { narrowed } from "../typed-record.ts";
import type { TextBuffer } from "../text-buffer.ts";

/** A field of the rows. */
export interface CsvTarget {
  readonly name: string;
  /** Its place in a record; -1 where the records lack it, and it is null. */
  readonly column: number;
  readonly type: DataType | undefined;
}

export class CsvColumns {
  readonly names: readonly string[];
  readonly targets: readonly CsvTarget[];
  readonly #make: RecordMaker;

  /** @throws {@link StreamFlowError} SF_SCHEMA_INVALID for doubled names, or a column that the schema requires and the file lacks: reading it again would not help. */
  constructor(names: readonly string[], options: DecoderOptions) {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new StreamFlowError("SF_SCHEMA_INVALID", `the CSV columns must differ, got "${twice}" twice`, { hint: "rename one of them in the file, or name them all by `columns`" });
    this.names = names;
    this.targets = targetsOf(names, options);
    this.#make = recordMaker(this.targets.map((target) => target.name));
  }

  /** @throws {@link StreamFlowError} SF_CODEC_DECODE for a ragged record, SF_TYPE_MISMATCH for a cell. */
  row(buffer: TextBuffer, record: CsvRecord): unknown {
    if (record.count !== this.names.length) throw new StreamFlowError("SF_CODEC_DECODE", `the record has ${record.count} fields, expected ${this.names.length}`);
    return this.#make(this.targets.map((target) => cell(target, buffer, record)));
  }
}

function cell(target: CsvTarget, buffer: TextBuffer, record: CsvRecord): unknown {
  const { name, column } = target;
  if (column < 0) return null;
  try {
    return valueOf(target, record.text(buffer, column), record.isQuoted(column));
  } catch (thrown) {
    if (!StreamFlowError.is(thrown)) throw thrown;
    throw new StreamFlowError("SF_TYPE_MISMATCH", `column "${name}": ${thrown.message}`, { cause: thrown, location: { path: name } });
  }
}

/** The value of a cell. @throws {@link StreamFlowError} SF_TYPE_MISMATCH. */
export function valueOf({ type }: CsvTarget, text: string, isQuoted: boolean): unknown {
  if (type === undefined || (type.type === "string" && text !== "")) return text;
  // Where text may be null, it is null by an empty cell, and empty by an empty one in quotes.
  if (text === "" && (type.type === "string" || type.type === "bytes") && isQuoted) return coerceJson(text, type);
  // JSON whose names hold escapes is not for JSON.parse: see ../parse-json.ts.
  if ((type.type === "list" || type.type === "map" || type.type === "struct") && hasEscapedName(text)) return coerceJson(parsedCell(text, type), type);
  return coerceText(text, type);
}

function parsedCell(text: string, type: DataType): unknown {
  try {
    return parseJson(text);
  } catch {
    return coerceText(text, type);
  }
}

function targetsOf(names: readonly string[], options: DecoderOptions): readonly CsvTarget[] {
  const wanted = wantedOf(options.projection);
  if (options.schema === undefined) return names.flatMap((name, column) => (wantedField(wanted, name) === undefined ? [] : [{ name, column, type: undefined }]));
  if (options.schema.type !== "struct") throw new StreamFlowError("SF_SCHEMA_INVALID", `CSV records are structs, got a schema of type "${options.schema.type}"`);
  const schema = narrowed(options.schema, wanted);
  return (schema.type === "struct" ? schema.fields : []).map(({ name, type }) => {
    const column = names.indexOf(name);
    if (column < 0 && type.nullable !== true) throw missingColumn(name, names);
    return { name, column, type };
  });
}

function missingColumn(name: string, names: readonly string[]): StreamFlowError {
  const near = nearest(name, names);
  const hint = `${near === undefined ? "" : `did you mean "${near}"? `}a type that may be null, written with a question mark, is null where its column is missing`;
  return new StreamFlowError("SF_SCHEMA_INVALID", `the CSV columns lack "${name}", which the schema requires; they are ${names.join(", ")}`, { hint });
}
