// Streams of one corpus line with other digits, and among them lines with a byte or two changed.
import type { DataType, Projection, StructType } from "@streamflow/core";
import { corpus } from "./corpus.fixture.ts";
import { Draw } from "./draw.fixture.ts";
import type { FuzzCase } from "./fuzz-case.fixture.ts";
import { circumstances } from "./json-case.fixture.ts";
import { oddBytes, oddLine } from "./line-tricks.fixture.ts";

/** Clean lines that come first, and teach the layout. */
const cleanLines = 40;

/** The case of a seed. */
export function corpusCase(seed: number): FuzzCase {
  const draw = new Draw(seed);
  const { line, schema } = draw.pick(corpus);
  const clean = (): Uint8Array => Buffer.from(`${line.replaceAll("#", () => String(draw.below(10)))}\n`);
  const share = draw.pick([0.05, 0.1, 0.3]);
  const lines = Array.from({ length: cleanLines + draw.below(600) }, (_, i) => (i >= cleanLines && draw.chance(share) ? oddLine(draw, clean()) : clean()));
  const names = Object.keys(schema);
  const projection: Projection = draw.chance(0.5) ? "all" : draw.list(1, 2, () => [draw.pick(names)]);
  return { format: "ndjson", csv: {}, lines, ...circumstances(draw, lines), schema: draw.chance(0.6) ? declared(schema) : undefined, projection, columns: draw.chance(0.6), texts: draw.chance(0.5) };
}

/** A sweep of a whole corpus line, as a case of its own. */
export function wholeSweepCase(seed: number): FuzzCase {
  return sweepCase(seed >> 1, { columns: seed % 2 === 0, stride: 1 });
}

/** Every place of a corpus line, or each of `stride`, with every odd byte: put in, put over, and taken out; each behind a clean line. */
export function sweepCase(family: number, options: { readonly columns: boolean; readonly stride: number }): FuzzCase {
  const { columns, stride } = options;
  const { line, schema } = corpus[family % corpus.length]!;
  const clean = Buffer.from(`${line.replaceAll("#", (_, at: number) => String((at * 7) % 10))}\n`);
  const lines: Uint8Array[] = Array.from({ length: cleanLines }, () => clean);
  for (let at = family % stride; at < clean.length; at += stride) {
    lines.push(clean, Buffer.concat([clean.subarray(0, at), clean.subarray(at + 1)]));
    for (const byte of oddBytes) {
      const over = Buffer.from(clean);
      over[at] = byte;
      lines.push(clean, Buffer.concat([clean.subarray(0, at), Uint8Array.of(byte), clean.subarray(at)]), clean, over);
    }
  }
  const cuts = Array.from({ length: 40 }, (_, i) => clean.length * (cleanLines + i * 97));
  return { format: "ndjson", csv: {}, lines, mark: false, torn: 0, cuts, restarts: false, schema: columns ? declared(schema) : undefined, projection: "all", columns, texts: columns, maxRecordBytes: 65_536 };
}

function declared(types: Readonly<Record<string, string>>): StructType {
  return { type: "struct", fields: Object.entries(types).map(([name, type]) => ({ name, type: typeOf(type) })) };
}

function typeOf(text: string): DataType {
  const nullable = text.endsWith("?");
  const name = nullable ? text.slice(0, -1) : text;
  const type = (name === "decimal" ? { type: "decimal", precision: 20, scale: 4 } : { type: name }) as DataType;
  return nullable ? { ...type, nullable } : type;
}
