// What a stream of CSV means, record by record, by other code than the decoder's: regular expressions over its bytes.
import { StreamFlowError, type DataType } from "@streamflow/core";
import { bytesOf, type FuzzCase, type Item } from "./fuzz-case.fixture.ts";
import { cutType, typedCell } from "./oracle-types.fixture.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const headBytes = 65_536;

/** A record as it is written; bytes as latin1. */
interface Written {
  readonly text: string;
  readonly cells: readonly string[];
}

/** The records of a stream; undefined where its header makes it impossible to read. */
export function csvOracle(one: FuzzCase): Item[] | undefined {
  const { header = true, columns } = one.csv;
  const items: Item[] = [];
  let names = header ? undefined : (columns ?? one.schema?.fields.map((field) => field.name));
  for (const { text, cells } of recordsOf(one)) {
    const raw = Buffer.from(text, "latin1");
    if (raw.length > one.maxRecordBytes) items.push({ value: undefined, code: "SF_RECORD_TOO_LARGE", raw: raw.subarray(0, headBytes) });
    else if (text !== "" && names === undefined) {
      names = namesOf(cells, columns);
      if (names === undefined || !isReadable(names, one)) return undefined;
    } else if (text !== "") items.push(itemOf(raw, cells, { names: names ?? [], one }));
  }
  return items;
}

function recordsOf(one: FuzzCase): Written[] {
  const text = Buffer.from(bytesOf(one)).toString("latin1").replace(/^\u00ef\u00bb\u00bf/, "");
  const delimiter = (one.csv.delimiter ?? ",").replace(/[|.+\\^$*?()[\]{}-]/, "\\$&");
  const field = new RegExp(`"(?:[^"]|"")*(?:"|$)[^${delimiter}\\n]*|[^${delimiter}\\n]*`, "y");
  const records: Written[] = [];
  for (let at = 0; at < text.length; ) {
    const start = at;
    const cells: string[] = [];
    do {
      field.lastIndex = cells.length === 0 ? at : at + 1;
      cells.push(field.exec(text)?.[0] ?? "");
      at = field.lastIndex;
    } while (at < text.length && text[at] !== "\n");
    const returns = cells[cells.length - 1]?.endsWith("\r") === true ? 1 : 0;
    records.push({ text: text.slice(start, at - returns), cells });
    at++;
  }
  return records;
}

/** The text of a cell, and whether it is in quotes. @throws {@link StreamFlowError} SF_CODEC_DECODE */
function cellOf(written: string, isLast: boolean): { text: string; isQuoted: boolean } {
  const bare = isLast ? written.replace(/\r$/, "") : written;
  if (!written.startsWith('"')) return { text: strict.decode(Buffer.from(bare, "latin1")), isQuoted: false };
  const match = /^"((?:[^"]|"")*)"$/.exec(bare);
  if (match === null) throw new StreamFlowError("SF_CODEC_DECODE", "quotes");
  return { text: strict.decode(Buffer.from((match[1] ?? "").replaceAll('""', '"'), "latin1")), isQuoted: true };
}

function namesOf(cells: readonly string[], columns: readonly string[] | undefined): readonly string[] | undefined {
  try {
    const names = cells.map((cell, i) => cellOf(cell, i === cells.length - 1).text);
    return columns !== undefined && columns.length !== names.length ? undefined : (columns ?? names);
  } catch {
    return undefined;
  }
}

/** Whether the names differ, and none is missing that must be there. */
export function isReadable(names: readonly string[], { schema, projection }: FuzzCase): boolean {
  const type = schema === undefined ? undefined : cutType(schema, projection);
  const needed = type?.type === "struct" ? type.fields.filter((field) => field.type.nullable !== true) : [];
  return new Set(names).size === names.length && needed.every((field) => names.includes(field.name));
}

function itemOf(raw: Uint8Array, cells: readonly string[], { names, one }: { names: readonly string[]; one: FuzzCase }): Item {
  try {
    strict.decode(raw);
    const read = cells.map((cell, i) => cellOf(cell, i === cells.length - 1));
    if (read.length !== names.length) throw new StreamFlowError("SF_CODEC_DECODE", "ragged");
    return { value: rowOf(new Map(names.map((name, i) => [name, read[i]!])), one), code: undefined, raw };
  } catch (thrown) {
    return { value: undefined, code: StreamFlowError.is(thrown) ? thrown.code : "SF_CODEC_DECODE", raw };
  }
}

function rowOf(cells: ReadonlyMap<string, { text: string; isQuoted: boolean }>, { schema, projection }: FuzzCase): unknown {
  if (schema === undefined) {
    const wanted = (name: string): boolean => projection === "all" || projection.some((path) => path.length === 0 || path[0] === name);
    return Object.fromEntries([...cells].filter(([name]) => wanted(name)).map(([name, { text }]) => [name, text]));
  }
  const value = (cell: { text: string; isQuoted: boolean } | undefined, type: DataType): unknown => (cell === undefined ? null : typedCell(cell.text, cell.isQuoted, type));
  const type = cutType(schema, projection);
  return Object.fromEntries(type.type === "struct" ? type.fields.map((field) => [field.name, value(cells.get(field.name), field.type)]) : []);
}
