// Makes streams of JSON lines from seeds: a few layouts, and what may be wrong with them.
import type { DataType, Field as StructField, Projection, StructType } from "@streamflow/core";
import { Draw } from "./draw.fixture.ts";
import type { FuzzCase } from "./fuzz-case.fixture.ts";
import { anyType, edges, kinds, oddValue, type ValueKind } from "./json-values.fixture.ts";
import { foreignLine, oddLine } from "./line-tricks.fixture.ts";

const names = ["id", "auction", "price", "channel", "a", "b", "ab", "x y", 'q"q', "b\ts", "n\\", "n\n", "日", "ключ", "", "1", "2", "__proto__", "constructor", "toString", "averylongnameindeedforafield"];

/** A field of a layout: a value, or fields of its own. */
interface Field {
  readonly name: string;
  readonly kind: ValueKind;
  readonly inner: readonly Field[] | undefined;
}

/** How a family of lines is written. */
interface Family {
  readonly fields: readonly Field[];
  readonly colon: string;
  readonly comma: string;
  readonly before: string;
  readonly end: string;
}

/** The case of a seed. */
export function jsonCase(seed: number): FuzzCase {
  const draw = new Draw(seed);
  const families = familiesOf(draw);
  const tricks = draw.pick([0, 0.03, 0.08, 0.2]);
  const isMixed = draw.chance(0.4);
  const count = 30 + draw.below(draw.pick([60, 600, 600]));
  const lines = Array.from({ length: count }, (_, i) => {
    // One family after another, or all mixed.
    const family = isMixed ? draw.pick(families) : families[Math.floor((i * families.length) / count)]!;
    return lineOf(draw, family, draw.chance(tricks));
  });
  return { format: "ndjson", csv: {}, lines, ...circumstances(draw, lines), ...reading(draw, families) };
}

/** How a stream arrives. */
export function circumstances(draw: Draw, lines: readonly Uint8Array[]): Pick<FuzzCase, "mark" | "torn" | "cuts" | "restarts" | "maxRecordBytes"> {
  const size = lines.reduce((sum, line) => sum + line.length, 0);
  const usual = lines[0]?.length ?? 1;
  return {
    mark: draw.chance(0.1),
    torn: draw.chance(0.3) ? draw.below(Math.min(8, usual)) : 0,
    cuts: cutsOf(draw, size),
    restarts: draw.chance(0.08),
    maxRecordBytes: draw.chance(0.9) ? 65_536 : Math.max(1, usual - 4 + draw.below(8)),
  };
}

/** Pieces of much the same size, as files and sockets give them, or of any. */
function cutsOf(draw: Draw, size: number): number[] {
  if (draw.chance(0.3)) return draw.list(0, 4, () => draw.below(size + 1));
  const piece = 1 + draw.below(draw.pick([200, 2_000, 8_000, 8_000]));
  return Array.from({ length: Math.min(500, Math.ceil(size / piece)) }, (_, i) => piece * (i + 1));
}

function familiesOf(draw: Draw): readonly Family[] {
  const first = fieldsOf(draw, 0);
  const style = (fields: readonly Field[]): Family => ({
    fields,
    colon: draw.chance(0.7) ? ":" : draw.pick([": ", " :", " : "]),
    comma: draw.chance(0.7) ? "," : ", ",
    before: draw.chance(0.9) ? "" : " ",
    end: draw.pick(["\n", "\n", "\n", "\r\n", " \n"]),
  });
  // Families are other orders of the same fields, some of them, or other fields.
  return [style(first), ...draw.list(0, draw.pick([0, 0, 2, 5]), () => style(draw.chance(0.7) ? someOf(draw, first) : fieldsOf(draw, 0)))];
}

function someOf(draw: Draw, fields: readonly Field[]): readonly Field[] {
  const left = fields.filter(() => draw.chance(0.85));
  return left.map((field) => ({ field, at: draw.next() })).sort((a, b) => a.at - b.at).map(({ field }) => field);
}

function fieldsOf(draw: Draw, depth: number): readonly Field[] {
  const chosen = new Set(draw.list(1, depth === 0 ? 7 : 3, () => draw.pick(names)));
  // Some streams are about nothing but such numbers.
  const from = draw.chance(0.2) ? edges : kinds;
  return [...chosen].map((name) => ({ name, kind: draw.pick(from), inner: depth < 2 && draw.chance(0.12) ? fieldsOf(draw, depth + 1) : undefined }));
}

/** `isOdd`: something is done to it. */
function lineOf(draw: Draw, family: Family, isOdd: boolean): Uint8Array {
  const what = isOdd ? draw.below(8) : -1;
  if (what === 0) return Buffer.from(foreignLine(draw) + family.end);
  const fields = what === 1 ? someOf(draw, family.fields) : what === 2 ? [...family.fields, ...family.fields.slice(0, 1)] : family.fields;
  const odd = what === 3 || what === 4 ? draw.below(Math.max(1, fields.length)) : -1;
  const text = objectText(draw, { ...family, fields }, odd);
  const line = Buffer.from(family.before + text + family.end);
  if (what === 5 || what === 6) return oddLine(draw, line);
  return what === 7 ? Buffer.from(text.slice(0, draw.below(text.length + 1)) + family.end) : line;
}

function objectText(draw: Draw, family: Family, odd: number): string {
  const parts = family.fields.map(({ name, kind, inner }, i) => {
    const value = i === odd ? oddValue(draw) : inner === undefined ? kind.text(draw) : objectText(draw, { ...family, fields: inner }, -1);
    return `${JSON.stringify(name)}${family.colon}${value}`;
  });
  return `{${parts.join(family.comma)}}`;
}

/** What is read of the records, and as what. */
function reading(draw: Draw, families: readonly Family[]): Pick<FuzzCase, "schema" | "projection" | "columns" | "texts"> {
  const fields = families[0]?.fields ?? [];
  const projection: Projection = draw.chance(0.5) ? "all" : draw.list(0, 3, () => pathIn(draw, fields));
  const schema = draw.chance(0.4) ? undefined : schemaOf(draw, fields);
  return { schema, projection, columns: draw.chance(0.6), texts: draw.chance(0.5) };
}

function pathIn(draw: Draw, fields: readonly Field[]): readonly string[] {
  if (fields.length === 0 || draw.chance(0.1)) return ["missing"];
  const { name, inner } = draw.pick(fields);
  return [name, ...(inner !== undefined && draw.chance(0.6) ? pathIn(draw, inner) : draw.chance(0.25) ? ["n"] : [])];
}

function schemaOf(draw: Draw, fields: readonly Field[]): StructType {
  const declared: StructField[] = fields.filter(() => draw.chance(0.9)).map((field) => ({ name: field.name, type: typeOf(draw, field) }));
  if (draw.chance(0.2)) declared.push({ name: "missing", type: { type: "string", nullable: true } });
  return { type: "struct", fields: declared };
}

function typeOf(draw: Draw, { kind, inner }: Field): DataType {
  if (inner !== undefined) return draw.chance(0.8) ? { ...schemaOf(draw, inner), nullable: draw.chance(0.5) } : { type: "any", nullable: true };
  const type = draw.pick(draw.chance(0.96) ? kind.types : anyType);
  return draw.chance(0.3) ? { ...type, nullable: true } : type;
}
