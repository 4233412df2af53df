// Generates the function that reads CSV records of known columns, and leaves what is unusual to the general reader, record by record.
//
//   I1. A record is taken only if it is one line with as many fields as there are columns: bare, or quoted without a quote or a line end within.
//   I2. What it makes of a record is what columns.ts makes of it; the fuzzer compares the two with a third.
//   I3. Nothing of the input or of a header becomes code: columns become numbers, names become JSON string literals.
//
// The input must be valid UTF-8, end with a newline, and have `margin` readable bytes behind. See ../ndjson/scanner.ts for the comparisons of four bytes at a time.
import { propertyName, type DecodeOutput } from "@streamflow/core";
import { scannerFunction } from "../scanner-function.ts";
import type { CsvTarget } from "./columns.ts";
import type { TextBuffer } from "../text-buffer.ts";

/** What generated code calls. */
export interface CsvScanHost {
  /** Whether all bytes of the input in hand are ASCII. */
  readonly isAscii: boolean;
  /** What the general reader of one cell found. */
  readonly value: unknown;
  /** Reads the cell that starts at `start` as a value of a target; answers the offset behind it, or -1 where it is not to be had here. */
  cell(start: number, target: number): number;
  /** The text of a cell as a value of a target, or undefined. */
  convert(target: number, text: string, isQuoted: boolean): unknown;
  /** Takes one record that is unusual; answers where the next one begins: `start`, where its end is not in the input yet. */
  odd(start: number): number;
}

/** Reads the records of whole lines; answers where the next one begins: before `to` where a record goes on behind it and has no end yet, and maybe behind it. */
export type CsvScan = (bytes: TextBuffer, view: DataView, range: { readonly from: number; readonly to: number }, out: DecodeOutput) => number;

/** What a scanner is made for. */
export interface CsvScanPlan {
  readonly targets: readonly CsvTarget[];
  /** How many fields a record has. */
  readonly width: number;
  readonly delimiter: number;
  readonly maxRecordBytes: number;
  /** Whether columns are filled; otherwise rows are reported. */
  readonly columns: boolean;
}

/** More fields than this are not worth a scanner. */
const maxTargets = 200;
const maxWidth = 4_096;

/** Whether there is a scanner for a plan. A delimiter that may be part of a number is none of its business. */
export function isScannable({ targets, width, delimiter }: CsvScanPlan): boolean {
  return targets.length <= maxTargets && width <= maxWidth && !/[\w.+-]/.test(String.fromCharCode(delimiter));
}

/** Compiles a scanner. */
export function compileCsvScanner(plan: CsvScanPlan, host: CsvScanHost): CsvScan {
  const { targets } = plan;
  const columns = plan.columns ? targets.map((_, at) => at) : [];
  const load = plan.columns ? `n=out.length;room=out.capacity;S=out.starts;E=out.ends;${columns.map((at) => `F${at}=out.columns[${at}];`).join("")}` : "";
  const save = plan.columns ? "out.length=n;" : "";
  const variables = targets.map((_, t) => `v${t}=0,s${t}=0,e${t}=0,q${t}=false`);
  const source = `return function scan(b,dv,range,out){
const to=range.to,ascii=H.isAscii;let i=range.from,x=0,z=0,c=0,k=0,m=0,g=false,f=0,L=0,end=0,${[...variables, "n=0", "room=0"].join(",")},S,E${columns.map((at) => `,F${at}`).join("")};${load}
while(i<to){const s=i;${plan.columns ? `if(n===room){out.length=n;out.grow();${load}}` : ""}
ok:{${fieldsCode(plan)}
end=i>L&&b[i-1]===13?i-1:i;if(end===s||end-s>${plan.maxRecordBytes})break ok;
${targets.map(valueCode).join("")}
${storeCode(plan)}
i++;continue;}
${save}i=H.odd(s);${load}if(i===s)break;}
${save}return i;}`;
  return scannerFunction(["H", "P"], source)(host, powersOfTen) as CsvScan;
}

const powersOfTen = Float64Array.of(1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15);

/** All fields of a record, in their order; `i` is at the newline behind them, and `L` where the last one began. */
function fieldsCode(plan: CsvScanPlan): string {
  const { targets, width, delimiter } = plan;
  let code = "";
  let skipped = 0;
  const skip = (): void => {
    if (skipped > 0) code += `for(m=${skipped};m>0;m--){${anyField(delimiter)}if(b[i]!==${delimiter})break ok;i++;}\n`;
    skipped = 0;
  };
  for (let column = 0; column < width; column++) {
    const isLast = column === width - 1;
    const target = targets.findIndex((one) => one.column === column);
    if (target < 0 && !isLast) {
      skipped++;
      continue;
    }
    skip();
    if (isLast) code += "L=i;";
    const type = target < 0 ? undefined : targets[target]!.type;
    const field = target < 0 ? anyField(delimiter) : isNumeric(type?.type) ? numberField(target, plan, isLast) : textField(target, delimiter, isLast);
    code += `${field}${isLast ? "if(b[i]===13)i++;if(b[i]!==10)break ok;" : `if(b[i]!==${delimiter})break ok;i++;`}\n`;
  }
  return code;
}

function isNumeric(type: string | undefined): boolean {
  return type === "int32" || type === "int64" || type === "float64" || type === "timestamp";
}

/** Runs `i` to the first of two bytes. Per byte lane, (w ^ p) - 1 borrows where the byte is p; the lowest flagged lane is exact. */
function run(one: number, other: number): string {
  const lanes = (byte: number): string => `((x^${Math.imul(byte, 0x01010101)})-0x01010101)`;
  return `for(;;){x=dv.getInt32(i,true);z=(${lanes(one)}|${lanes(other)})&~x&-2139062144;if(z!==0)break;i+=4;}i+=(31-Math.clz32(z&-z))>>3;`;
}

/** Passes a field that nobody reads. */
function anyField(delimiter: number): string {
  return `if(b[i]===34){i++;${run(0x22, 0x0a)}if(b[i]!==34)break ok;i++;}else{${run(delimiter, 0x0a)}}`;
}

/** Finds where the text of a field is. A carriage return before the newline is no part of a bare one. */
function textField(target: number, delimiter: number, isLast: boolean): string {
  const [start, end, quoted] = [`s${target}`, `e${target}`, `q${target}`];
  const bareEnd = isLast ? `${end}=i>${start}&&b[i]===10&&b[i-1]===13?i-1:i;` : `${end}=i;`;
  return `if(b[i]===34){${quoted}=true;i++;${start}=i;${run(0x22, 0x0a)}if(b[i]!==34)break ok;${end}=i;i++;}else{${quoted}=false;${start}=i;${run(delimiter, 0x0a)}${bareEnd}}`;
}

/** A number of at most fifteen digits, with a sign and, for float64, a fraction; any other text goes through the general reader of cells. */
function numberField(target: number, { targets, delimiter }: CsvScanPlan, isLast: boolean): string {
  const type = targets[target]?.type?.type;
  const value = `v${target}`;
  const digits = `for(;(c=b[i]-48)>=0&&c<=9;i++)${value}=${value}*10+c;`;
  const behind = isLast ? "(b[i]===10||b[i]===13&&b[i+1]===10)" : `b[i]===${delimiter}`;
  const fraction = type === "float64" ? `m=0;if(b[i]===46){i++;m=i;${digits}m=i-m;k+=m;}` : "";
  // Whole numbers have no minus zero, and float64 does.
  const sign = type === "float64" ? `if(m>0)${value}/=P[m];if(g)${value}=-${value};` : `if(g)${value}=0-${value};`;
  const fits = type === "int32" ? `if((${value}|0)!==${value})break ok;` : "";
  const exact = type === "int64" ? `${value}=BigInt(${value});` : "";
  return `f=i;g=b[i]===45;if(g)i++;${value}=0;k=i;${digits}k=i-k;${fraction}
if(k>0&&k<=15&&${behind}){${sign}${fits}${exact}}else{i=H.cell(f,${target});if(i<0)break ok;${value}=H.value;}`;
}

/** Makes values of the texts, when the record is known to be whole. */
function valueCode({ column, type }: CsvTarget, target: number): string {
  if (column < 0 || isNumeric(type?.type)) return "";
  const value = `v${target}`;
  const text = `ascii?b.latin1Slice(s${target},e${target}):b.utf8Slice(s${target},e${target})`;
  if (type === undefined || (type.type === "string" && type.nullable !== true)) return `${value}=${text};`;
  if (type.type === "string") return `${value}=s${target}===e${target}&&!q${target}?null:${text};`;
  return `${value}=H.convert(${target},${text},q${target});if(${value}===undefined)break ok;`;
}

function storeCode({ targets, columns }: CsvScanPlan): string {
  const value = ({ column }: CsvTarget, target: number): string => (column < 0 ? "null" : `v${target}`);
  if (columns) return `${targets.map((target, at) => `F${at}[n]=${value(target, at)};`).join("")}S[n]=s;E[n]=end;n++;`;
  return `out.value({${targets.map((target, at) => `${propertyName(target.name)}:${value(target, at)}`).join(",")}},s,end);`;
}
