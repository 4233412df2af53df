// Makes streams of CSV from seeds: columns of some kind each, and what may be wrong with them.
import type { DataType, Field, Projection, StructType } from "@streamflow/core";
import type { CsvOptions } from "../csv/csv.ts";
import { Draw } from "./draw.fixture.ts";
import type { FuzzCase } from "./fuzz-case.fixture.ts";
import { circumstances } from "./json-case.fixture.ts";
import { oddLine } from "./line-tricks.fixture.ts";

const names = ["id", "price", "a", "b", "x y", "日", "__proto__", "1", "constructor", "", 'q"q', "a,b", "channel"];

/** A column: how its cells are made, and as what they may be read. */
interface Column {
  readonly name: string;
  readonly cell: (draw: Draw) => string;
  readonly types: readonly DataType[];
  /** How often its cells are in quotes. */
  readonly quotes: number;
}

type Kind = Pick<Column, "cell" | "types">;

const number = (draw: Draw, most: number): string => draw.list(1, most, () => String(draw.below(10))).join("");
const word = (draw: Draw, from: readonly string[], most: number): string => draw.list(0, most, () => draw.pick(from)).join("");
const int32: DataType = { type: "int32" };
const int64: DataType = { type: "int64" };
const float64: DataType = { type: "float64" };
const string: DataType = { type: "string" };
const timestamp: DataType = { type: "timestamp" };
const any: DataType = { type: "any" };

const kinds: readonly Kind[] = [
  { cell: (draw) => number(draw, 8), types: [int32, int64, float64, timestamp, string] },
  { cell: (draw) => number(draw, 9), types: [int32, float64] },
  // What is not of its type, now and then.
  { cell: (draw) => (draw.chance(0.03) ? draw.pick(["2147483648", "-2147483649", "4294967301", "999999999999999"]) : number(draw, 6)), types: [int32] },
  { cell: (draw) => number(draw, 18), types: [int64, float64] },
  { cell: (draw) => `${draw.chance(0.3) ? "-" : ""}${number(draw, 6)}`, types: [int32, int64, float64] },
  { cell: (draw) => `${draw.chance(0.3) ? "-" : ""}${number(draw, 5)}.${number(draw, 6)}`, types: [float64, { type: "decimal", precision: 20, scale: 6 }, string] },
  { cell: (draw) => draw.pick(["1e3", "-0", "+5", ".5", "5.", "0.1e-7", "NaN", "-Infinity", "007", "1.7976931348623157e308", "0.30000000000000004"]), types: [float64] },
  { cell: (draw) => String(1_700_000_000_000 + draw.below(1e9)), types: [timestamp, int64] },
  { cell: (draw) => `20${10 + draw.below(20)}-0${1 + draw.below(9)}-1${draw.below(10)}T0${draw.below(10)}:1${draw.below(10)}:20Z`, types: [timestamp, string] },
  { cell: (draw) => word(draw, ["a", "b", "Z", " ", "'", "é", "日", "😀"], 9), types: [string, any] },
  { cell: (draw) => word(draw, ["a", "b", "Z", "0", "~"], 12), types: [string, any] },
  { cell: (draw) => draw.pick(["Oslo", "Ås", "Bergen", ""]), types: [string] },
  { cell: (draw) => draw.pick(["true", "false"]), types: [{ type: "bool" }] },
  { cell: (draw) => `[${draw.list(0, 2, () => number(draw, 4)).join(" ")}]`.replaceAll(" ", ""), types: [{ type: "list", element: int64 }] },
  { cell: (draw) => Buffer.from(word(draw, ["a", "b"], 5)).toString("base64"), types: [{ type: "bytes" }] },
];

const odd = ["", '""', '"', '"a""b"', 'a"b', '"a"b', '"x\ny"', '"x\r\ny"', "\r", '"\r"', "2147483648", "-2147483649", "4294967301", "9007199254740993", "9223372036854775808", "1.5", "-", "--1", "1-", "0x10", "1_000", " 1", "1 ", "null", "999999999999999", "1000000000000000", "00000000000000000001", "é", "12\r3", "8640000000000001", '"7"'];

/** The case of a seed. */
export function csvCase(seed: number): FuzzCase {
  const draw = new Draw(seed);
  const delimiter = draw.chance(0.75) ? "," : draw.pick([";", "\t", "|", " ", "-", "1"]);
  const columns = columnsOf(draw);
  const lineEnd = draw.pick(["\n", "\n", "\r\n"]);
  const csv = optionsOf(draw, columns, delimiter);
  const tricks = draw.pick([0, 0.03, 0.08, 0.2]);
  const header = csv.header === false ? [] : [Buffer.from(columns.map(({ name }) => quoted(name, { delimiter, always: false })).join(delimiter) + lineEnd)];
  const count = 20 + draw.below(draw.pick([60, 600, 600]));
  const lines = [...header, ...Array.from({ length: count }, () => lineOf(draw, columns, { delimiter, lineEnd, isOdd: draw.chance(tricks) }))];
  const projection: Projection = draw.chance(0.5) ? "all" : draw.list(0, 3, () => (draw.chance(0.9) ? [draw.pick(columns).name] : ["missing"]));
  // Without names of their own, columns are those of the schema.
  const isNamed = csv.header !== false || csv.columns !== undefined;
  const schema = isNamed && draw.chance(0.3) ? undefined : schemaOf(draw, columns, isNamed);
  return { format: "csv", csv, lines, ...circumstances(draw, lines.slice(header.length)), schema, projection, columns: draw.chance(0.6), texts: draw.chance(0.5) };
}

function columnsOf(draw: Draw): readonly Column[] {
  const chosen = new Set(draw.list(1, 8, () => draw.pick(names)));
  return [...chosen].map((name) => ({ name, ...draw.pick(kinds), quotes: draw.pick([0, 0, 0, 0.2, 1]) }));
}

function optionsOf(draw: Draw, columns: readonly Column[], delimiter: string): CsvOptions {
  const header = draw.chance(0.8);
  const isNamed = draw.chance(header ? 0.1 : 0.6);
  return { ...(delimiter === "," ? {} : { delimiter }), ...(header ? {} : { header }), ...(isNamed ? { columns: columns.map(({ name }) => name) } : {}) };
}

function lineOf(draw: Draw, columns: readonly Column[], { delimiter, lineEnd, isOdd }: { delimiter: string; lineEnd: string; isOdd: boolean }): Uint8Array {
  const what = isOdd ? draw.below(7) : -1;
  if (what === 0) return Buffer.from(draw.pick(["", "\r", " ", delimiter, '"', '""', '"open', `${delimiter}${delimiter}`, "y".repeat(draw.below(6_000))]) + lineEnd);
  const cells = columns.map((column) => quoted(column.cell(draw), { delimiter, always: draw.chance(column.quotes) }));
  if (what === 1) cells.pop();
  if (what === 2) cells.push(draw.pick(cells) ?? "");
  if (what === 3 || what === 4) cells[draw.below(cells.length)] = draw.pick(odd);
  const line = Buffer.from(cells.join(delimiter) + lineEnd);
  return what > 4 ? oddLine(draw, line) : line;
}

function quoted(text: string, { delimiter, always }: { delimiter: string; always: boolean }): string {
  return always || text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function schemaOf(draw: Draw, columns: readonly Column[], isFree: boolean): StructType {
  const chosen = isFree ? columns.filter(() => draw.chance(0.85)) : columns;
  const fields: Field[] = chosen.map(({ name, types }) => {
    const type = draw.chance(0.97) ? draw.pick(types) : draw.pick(draw.pick(kinds).types);
    return { name, type: draw.chance(0.3) ? { ...type, nullable: true } : type };
  });
  if (isFree && draw.chance(0.2)) fields.push({ name: "missing", type: { type: "string", nullable: true } });
  return { type: "struct", fields };
}
