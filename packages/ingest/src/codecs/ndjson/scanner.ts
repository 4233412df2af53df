// Generates the function that reads the records of known layouts, verifying every byte, and leaves all others to JSON.parse.
//
//   I1. A record is taken only if its bytes are exactly a known layout: the same gaps, and between them values of the JSON grammar.
//   I2. What it makes of a record is what JSON.parse and `project` (or the schema) make of it; scanner.test.ts compares the two.
//   I3. Nothing of the input becomes code: gaps become numbers, names become JSON string literals.
//
// The input must be valid UTF-8, end with a newline, and have `margin` readable bytes behind. Strings and literals are compared
// four bytes at a time: `DataView.getInt32` compiles to one unaligned load, and byte-wise tests become integer arithmetic.
// @see Mühlbauer et al., "Instant Loading for Main Memory Databases", VLDB 2013; Li et al., "Mison", VLDB 2017, for scanning by layout
import type { DecodedColumn, DecodeOutput } from "@streamflow/core";
import { scannerFunction } from "../scanner-function.ts";
import { Kind, type Layout, type Leaf } from "./layout.ts";
import type { TextBuffer } from "../text-buffer.ts";
import type { ValueReader } from "./value-reader.ts";

/** What generated code calls. */
export interface ScanHost {
  readonly reader: ValueReader;
  /** Whether all bytes of the input in hand are ASCII. */
  readonly isAscii: boolean;
  /** Functions that row code refers to as `H.calls[i]`. */
  readonly calls: readonly ((value: unknown) => unknown)[];
  /** How many records each layout took; a scanner adds to it. */
  readonly hits: number[];
  /** The scanner of layouts that are rare. */
  rare: Scan | undefined;
  /** The scanners in use, by their text: what has the same in the next choice of layouts goes on, with the code that V8 has made of it. */
  scanners: ReadonlyMap<string, Scan>;
  /** Takes one record that fits no layout: `bytes[start, end)`, newline not included. */
  odd(start: number, end: number): void;
}

/**
 * Reads some of the whole lines of a range of `bytes`, and answers where the rest begins. `out` takes rows, or columns, as the scanner was made for.
 *
 * Not all at once: a function that is called a few times and loops for long is compiled in the middle of its loop, without having seen its end; there it falls
 * back to the interpreter, call after call. One that returns soon is compiled as a whole.
 */
// oxlint-disable-next-line max-params -- called for each few records
export type Scan = (bytes: TextBuffer, view: DataView, from: number, to: number, out: DecodeOutput) => number;

/** What a scanner is made for. */
export interface ScanOptions {
  readonly maxRecordBytes: number;
  /** Columns are filled, in these forms; none: rows are reported. */
  readonly columns: readonly DecodedColumn["form"][];
}

/** Code that makes the row of a layout: an expression over the names of `RowNames`, and the leaves that it uses. */
export interface RowCode {
  readonly used: ReadonlySet<number>;
  /** Leaves whose numbers keep every digit. */
  readonly digits: ReadonlySet<number>;
  /** Statements that run when the record is verified; they may `break` out of label `ok` to leave the record to `odd`. */
  readonly checks: string;
  readonly expression: string;
  /** The fields of the row, where it has exactly those of a schema. */
  readonly fields?: readonly FieldCode[];
}

/** Code that makes a field of a row. */
export interface FieldCode {
  readonly expression: string;
  /** The leaf that is the field as it stands, where it is always a string. */
  readonly text?: number;
  /** It is always a number. */
  readonly isNumber?: boolean;
}

/** A layout that a scanner knows; `index` names its variables and its place in `hits`. */
export interface KnownLayout {
  readonly index: number;
  /** Of 1: how many records have it. */
  readonly share: number;
  readonly layout: Layout;
  readonly row: RowCode;
}

/** A layout that fewer have is in a function of its own with others of its kind: one for all of them takes V8 several times as long to optimise. */
const leastShare = 1 / 4;

/** Compiles a scanner for layouts, commonest first, each with the code of its row. */
export function compileScanner(known: readonly KnownLayout[], host: ScanHost, options: ScanOptions): Scan {
  const common = known.filter(({ share }, at) => at === 0 || share >= leastShare);
  const rare = known.filter((one) => !common.includes(one));
  const oddLine = "const q=b.indexOf(10,s);i=q+1;H.odd(s,q);";
  const sources = rare.length === 0 ? [sourceOf(common, oddLine, options)] : [sourceOf(common, `i=H.rare(b,dv,s,to,out);if(i===s){${oddLine}}`, options), sourceOf(rare, undefined, options)];
  host.scanners = new Map(sources.map((source) => [source, host.scanners.get(source) ?? (scannerFunction(["H", "P10"], source)(host, powersOfTen) as Scan)]));
  const [scan, ofRare] = host.scanners.values();
  host.rare = ofRare;
  return scan!;
}

/** The text of a scanner for some layouts. `otherwise`: what it does with a line of none of them; undefined: it leaves it and what follows, and answers where it begins. */
function sourceOf(known: readonly KnownLayout[], otherwise: string | undefined, { columns, maxRecordBytes }: ScanOptions): string {
  const load = columns.length === 0 ? "" : `n=out.length;room=out.capacity;S=out.starts;E=out.ends;${columns.map(loadCode).join("")}`;
  const names = columns.map((form, at) => `,F${at}${form === "nullableNumbers" ? `,V${at}` : ""}`).join("");
  const variables = known.flatMap(({ index, row }) => [`n${index}=0`, ...[...row.used].flatMap((leaf) => [valueName(index, leaf), startName(index, leaf), endName(index, leaf)].map((name) => `${name}=0`))]);
  return `return function scan(b,dv,i,to,out){
let left=${linesAtOnce},x=0,z=0,k=0,t=0,${variables.join(",")};
const R=H.reader,ascii=H.isAscii;
let n=0,room=0,S,E${names};${load}
while(i<to&&left-->0){const s=i;${columns.length === 0 ? "" : `if(n===room){out.length=n;out.grow();${load}}`}
${known.map((one) => layoutCode(one, { columns, maxRecordBytes })).join("\n")}
${otherwise === undefined ? "break;" : columns.length === 0 ? otherwise : `out.length=n;${otherwise}${load}`}}
${columns.length === 0 ? "" : "out.length=n;"}
${known.map(({ index }) => `H.hits[${index}]+=n${index};`).join("")}return i;}`;
}

/** Where a column's values go. */
function loadCode(form: DecodedColumn["form"], at: number): string {
  return form === "nullableNumbers" ? `F${at}=out.columns[${at}].values;V${at}=out.columns[${at}].valid;` : `F${at}=out.columns[${at}];`;
}

const linesAtOnce = 256;
const powersOfTen = new Int32Array([1, 10, 100, 1000]);

export function valueName(layout: number, leaf: number): string {
  return `v${layout}_${leaf}`;
}
function startName(layout: number, leaf: number): string {
  return `s${layout}_${leaf}`;
}
function endName(layout: number, leaf: number): string {
  return `e${layout}_${leaf}`;
}

function layoutCode({ index, layout, row }: KnownLayout, { maxRecordBytes, columns }: ScanOptions): string {
  let code = "";
  let carried = "";
  layout.leaves.forEach((leaf, i) => {
    const isString = leaf.kinds === Kind.string;
    code += gapCode(carried + leaf.gap + (isString ? '"' : "")) + valueCode(leaf, index, { used: row.used.has(i) ? i : undefined, digits: row.digits.has(i) });
    carried = isString ? '"' : "";
  });
  code += gapCode(`${carried}${layout.tail}\n`);
  const asTexts = new Set((row.fields ?? []).flatMap(({ text }, at) => (text !== undefined && columns[at] === "texts" ? [text] : [])));
  const strings = layout.leaves.map((leaf, i) => {
    if (leaf.kinds !== Kind.string || !row.used.has(i) || asTexts.has(i)) return "";
    const range = `${startName(index, i)},${endName(index, i)}`;
    return `${valueName(index, i)}=ascii?b.latin1Slice(${range}):b.utf8Slice(${range});`;
  });
  const end = layout.tail.endsWith("\r") ? "i-2" : "i-1";
  const put = columns.length === 0 ? `out.value(${row.expression},s,${end});` : `${(row.fields ?? []).map((field, at) => putCode(field, at, { index, form: columns[at] })).join("")}S[n]=s;E[n]=${end};n++;`;
  return `ok:{${code}
if(i-1-s>${maxRecordBytes})break ok;
${strings.join("")}${row.checks}
n${index}++;${put}continue;}i=s;`;
}

/** Puts a field into its column. */
function putCode({ expression, text, isNumber }: FieldCode, at: number, { index, form }: { readonly index: number; readonly form: DecodedColumn["form"] | undefined }): string {
  if (form === "nullableNumbers") return numberCode(expression, at, isNumber);
  if (form !== "texts") return `F${at}[n]=${expression};`;
  return text === undefined ? `F${at}.put(n,${expression});` : `F${at}.take(n,dv,${startName(index, text)},${endName(index, text)});`;
}

/** Puts what is a number or null into its column. */
function numberCode(expression: string, at: number, isNumber = false): string {
  if (expression === "null") return `V${at}[n]=0;`;
  const store = `F${at}[n]=${expression};V${at}[n]=1;`;
  return isNumber ? store : `if(${expression}===null)V${at}[n]=0;else{${store}}`;
}

/** Compares fixed bytes at `i`: four at a time, the last load overlapping the one before. */
function gapCode(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length === 0) return "";
  const tests: string[] = [];
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) tests.push(`dv.getInt32(i+${i},true)===${bytes.readInt32LE(i)}`);
  if (i < bytes.length && bytes.length >= 4) {
    const last = bytes.length - 4;
    tests.push(`dv.getInt32(i+${last},true)===${bytes.readInt32LE(last)}`);
    i = bytes.length;
  }
  if (bytes.length - i >= 2) {
    tests.push(`dv.getUint16(i+${i},true)===${bytes.readUInt16LE(i)}`);
    i += 2;
  }
  if (i < bytes.length) tests.push(`b[i+${i}]===${bytes[i]}`);
  return `if(!(${tests.join("&&")}))break ok;i+=${bytes.length};\n`;
}

function valueCode(leaf: Leaf, layout: number, { used, digits }: { used: number | undefined; digits: boolean }): string {
  if (leaf.kinds === Kind.string) return stringCode(used === undefined ? undefined : [startName(layout, used), endName(layout, used)]);
  if (leaf.kinds === Kind.integer) return integerCode(used === undefined ? undefined : valueName(layout, used));
  const keep = used === undefined ? "" : `${valueName(layout, used)}=R.value;`;
  return `i=${digits ? "R.readDigits(i)" : `R.read(i,${used !== undefined})`};if(i<0)break ok;${keep}\n`;
}

/**
 * Runs `i` to the first byte that is a quote, a backslash or a control character; the gap behind demands that it is the quote.
 * Per byte lane, (w ^ 2) - 0x21 borrows below 0x20 and at 0x22, (w ^ 0x5c) - 1 borrows at a backslash, bytes from 0x80 on never stop;
 * a borrow may flag lanes above, so only the lowest flagged one is exact.
 */
function stringCode(range: readonly [string, string] | undefined): string {
  const before = range === undefined ? "" : `${range[0]}=i;`;
  const after = range === undefined ? "" : `${range[1]}=i;`;
  return `${before}for(;;){x=dv.getInt32(i,true);z=(((x^0x02020202)-0x21212121)|((x^0x5c5c5c5c)-0x01010101))&~x&-2139062144;if(z!==0)break;i+=4;}i+=(31-Math.clz32(z&-z))>>3;${after}\n`;
}

/** Loads four bytes; `z` flags the lanes that hold no digit, `k` counts the digits before the first of them. */
const loadDigits = "x=dv.getInt32(i,true)^0x30303030;z=((x+0x76767676)|x)&-2139062144;";
const countDigits = "k=(31-Math.clz32(z&-z))>>3;";
/** The number of four digits, the first one in the low lane. */
const fourDigits = "(t=Math.imul(x,10)+(x>>>8),(t&255)*100+((t>>>16)&255))";
/** A zero with another digit behind it. */
const refuseLeadingZero = "if((x&255)===0&&(z&0x8000)===0)break ok;";
/** Moves the `k` digits left into the high lanes, so that they count as the last of four. */
const alignDigits = "x=(x<<(24-(k<<3)))<<8;";

/** A JSON integer without sign, fraction or exponent: at most fifteen digits where the value is wanted, any number where it is not. */
function integerCode(name: string | undefined): string {
  if (name === undefined) {
    return `${loadDigits}${refuseLeadingZero}if(z===0){do{i+=4;${loadDigits}}while(z===0);${countDigits}}else{${countDigits}if(k===0)break ok;}i+=k;\n`;
  }
  const more = `${name}=${name}*10000+${fourDigits};i+=4;${loadDigits}`;
  return `${loadDigits}${refuseLeadingZero}if(z===0){${name}=${fourDigits};i+=4;${loadDigits}
if(z===0){${more}if(z===0){${more}if(z===0)break ok;}}
${countDigits}${alignDigits}${name}=${name}*P10[k]+${fourDigits};i+=k;}
else{${countDigits}if(k===0)break ok;${alignDigits}${name}=${fourDigits};i+=k;}\n`;
}
