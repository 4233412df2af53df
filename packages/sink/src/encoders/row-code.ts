// Generates the functions that write records of known fields straight into a buffer: the same bytes as the closures of json-text.ts and csv.ts.
//   R1. A value that is not as usual for its field is made text by the field's closure; only its place is known here.
//   R2. Nothing of a record or a name becomes code: literals become numbers, closures and names are bound.
import { type Column, generatedFunction } from "@streamflow/core";
import type { ByteBuffer } from "./byte-buffer.ts";
import { memoVariables, numberVariables, wholeNumberCode } from "./number-code.ts";
import { isUsualInstant, mostNumberBytes, writeInstant, writeNumber } from "./write-number.ts";
import { writeCell, writeJsonText, writePart } from "./write-text.ts";

/** A value's place in a line. */
export interface PlaceCode {
  /** Text in front of the value. */
  readonly before: string;
  /** Any value as text. It may throw. */
  readonly text: (value: unknown) => string;
  /** Numbers are instants, and written as ISO 8601. */
  readonly isInstant: boolean;
  /** Strings are the usual case. */
  readonly isText: boolean;
}

/** A line of a format. */
export interface LineCode {
  readonly places: readonly PlaceCode[];
  readonly after: string;
  /** The delimiter, in the format that quotes only what must be quoted; absent: JSON. */
  readonly csvDelimiter?: string;
}

/** Writes a record; answers false, and writes nothing, where it is not of the shape that the writer was made for. */
export type RowWriter = (record: Readonly<Record<string, unknown>>, out: ByteBuffer) => boolean;

/** Writes records `[from, to)` of columns; answers the first that it could not write. */
export type ColumnWriter = (columns: readonly Column[], range: { readonly from: number; readonly to: number }, out: ByteBuffer) => number;

/** How a row writer gets at the fields of a record. */
export interface RowFields {
  /** The names of all its fields, in order; absent: whatever they are. */
  readonly only?: readonly string[];
  /** For each place: the field's name, or what reads it. */
  readonly reads: readonly (string | ((record: Readonly<Record<string, unknown>>) => unknown))[];
}

/** Makes the writer of records. */
export function rowWriter(line: LineCode, { only, reads }: RowFields): RowWriter {
  const code = new LineWriter(line);
  const values = reads.map((read) => (typeof read === "string" ? `r[${JSON.stringify(read)}]` : `${code.bind(read)}(r)`));
  const isOnly = only === undefined ? "" : `let n=0;for(const k in r)if(k!==${code.bind(only)}[n++])return false;if(n!==${only.length})return false;`;
  return code.compile(`return function row(r,out){if(r.__proto__!==${code.bind(Object.prototype)})return false;${isOnly}
out.reserve(${code.spare});const start=out.at;let b=out.data,p=start,v,m=0,${numberVariables};
try{${code.row(values)}}catch(thrown){out.at=start;throw thrown;}
out.at=p;return true;}`) as RowWriter;
}

/** How a column writer gets at a field. */
export interface ColumnRead {
  /** Which column; -1: there is none. */
  readonly column: number;
  readonly form: "plain" | "mayLack" | "numbers" | "texts";
}

/** Makes the writer of columns. `reads`: for each place, which column it is, and what that is like. */
export function columnWriter(line: LineCode, reads: readonly ColumnRead[]): ColumnWriter {
  const code = new LineWriter(line);
  const columns = new Map(reads.filter(({ column }) => column >= 0).map(({ column, form }) => [column, form]));
  return code.compile(`return function rows(columns,range,out){${[...columns].map(([at, form]) => loadColumn(at, form)).join("")}
const to=range.to;let i=range.from;out.reserve(${code.spare});let start=out.at,b=out.data,m=b.byteLength,p=start,v,s=0,o=0,k=0,${[numberVariables, ...[...columns.keys()].map((at) => memoVariables(`${at}`))].join(",")};
try{for(;i<to;i++){if(p+${code.spare}>m){out.at=p;out.reserve(${code.spare});b=out.data;m=b.byteLength;}
${code.row(reads)}
start=p;}}catch(thrown){}
out.at=start;return i;}`) as ColumnWriter;
}

function loadColumn(at: number, form: ColumnRead["form"]): string {
  if (form === "texts") return `const q${at}=columns[${at}].texts,c${at}=q${at}.starts,e${at}=q${at}.ends,x${at}=q${at}.bytes;`;
  return `const c${at}=columns[${at}].values${form === "mayLack" ? `,v${at}=columns[${at}].valid` : ""};`;
}

class LineWriter {
  /** Room for the literals and numbers of a line. */
  readonly spare: number;
  readonly #line: LineCode;
  readonly #bound: unknown[] = [];

  constructor(line: LineCode) {
    this.#line = line;
    const literals = line.places.reduce((sum, { before }) => sum + Buffer.byteLength(before), Buffer.byteLength(line.after));
    this.spare = literals + line.places.length * (mostNumberBytes + 2) + 16;
  }

  bind(value: unknown): string {
    const known = this.#bound.indexOf(value);
    return `$${known >= 0 ? known : this.#bound.push(value) - 1}`;
  }

  compile(text: string): unknown {
    return generatedFunction(this.#bound.map((_, at) => `$${at}`), text)(...this.#bound);
  }

  /** Statements that write a line at `p` in `b`; values are expressions that are evaluated once, or fields of columns. */
  row(values: readonly (string | ColumnRead)[]): string {
    return `${this.#line.places.map((place, at) => `${stores(place.before)}${this.#place(place, values[at] ?? "undefined")}`).join("\n")}${stores(this.#line.after)}`;
  }

  #place(place: PlaceCode, value: string | ColumnRead): string {
    if (typeof value === "string") return `v=${value};${this.#value(place)}`;
    const { column: at, form } = value;
    if (at < 0) return `v=undefined;${this.#value(place)}`;
    if (form === "texts") return this.#text(place, at);
    if (form === "numbers") return `v=c${at}[i];${this.#number(place, at)}`;
    return `v=${form === "mayLack" ? `(v${at}[i]===1?c${at}[i]:null)` : `c${at}[i]`};${this.#value(place, at)}`;
  }

  /** A text that was read: JSON escapes nothing in it, so its bytes stand between quotes as they are. */
  #text(place: PlaceCode, at: number): string {
    const other = `v=q${at}.at(i);${this.#value(place, at)}`;
    if (this.#line.csvDelimiter !== undefined) return other;
    return `o=c${at}[i];if(o>=0){s=e${at}[i]-o;if(p+s+${this.spare}>m){out.at=p;out.reserve(s+${this.spare});b=out.data;m=b.byteLength;}
b.setUint8(p++,34);for(k=0;k<s;k+=8)b.setFloat64(p+k,x${at}.getFloat64(o+k,true),true);p+=s;b.setUint8(p++,34);}else{${other}}`;
  }

  /** `column`: where the value is from one, a number that is like the one before may profit. */
  #value(place: PlaceCode, column?: number): string {
    const number = `if(typeof v==="number"){${this.#number(place, column)}}`;
    const text = `if(typeof v==="string"){${this.#string(place)}b=out.data;m=b.byteLength;}`;
    const rest = `{p=${this.bind(writePart)}(out,p,${this.bind(place.text)}(v),${this.spare});b=out.data;m=b.byteLength;}`;
    return place.isText ? `${text}else ${number}else ${rest}` : `${number}else ${text}else ${rest}`;
  }

  #number(place: PlaceCode, column?: number): string {
    const other = `{p=${this.bind(writePart)}(out,p,${this.bind(place.text)}(v),${this.spare});b=out.data;m=b.byteLength;}`;
    if (!place.isInstant) return `${wholeNumberCode({ bind: (value) => this.bind(value), ...(column === undefined ? {} : { memo: `${column}` }) })}if(v-v===0)p=${this.bind(writeNumber)}(b,p,v);else ${other}`;
    const [open, close] = this.#line.csvDelimiter === undefined ? ["b.setUint8(p++,34);", "b.setUint8(p++,34);"] : ["", ""];
    return `if(${this.bind(isUsualInstant)}(v)){${open}p=${this.bind(writeInstant)}(b,p,v);${close}}else ${other}`;
  }

  #string(place: PlaceCode): string {
    const { csvDelimiter } = this.#line;
    if (csvDelimiter === undefined) return `p=${this.bind(writeJsonText)}(out,p,v,${this.spare});`;
    return `p=${this.bind(writeCell)}(out,p,v,${this.spare},${this.bind({ delimiter: csvDelimiter.charCodeAt(0), cell: place.text })});`;
  }
}

/** Stores a literal at `p`, four bytes at a time: up to three more are written, which whatever comes next overwrites. */
function stores(text: string): string {
  const bytes = Buffer.concat([Buffer.from(text), Buffer.alloc(3)]);
  const length = bytes.length - 3;
  let code = "";
  for (let at = 0; at < length; at += 4) code += `b.setInt32(p+${at},${bytes.readInt32LE(at)},true);`;
  return length === 0 ? "" : `${code}p+=${length};`;
}
