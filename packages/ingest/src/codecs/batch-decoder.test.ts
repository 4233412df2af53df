import type { Decoder, Schema } from "@streamflow/core";
import { describe, expect, it } from "vitest";
import { BatchDecoder } from "./batch-decoder.ts";
import { csv } from "./csv/csv.ts";
import { ndjson } from "./ndjson/ndjson.ts";

const schema: Schema = { type: "struct", fields: [{ name: "id", type: { type: "int32" } }, { name: "key", type: { type: "string" } }] };
const line = (id: number): string => `{"id":${id},"key":"k${id % 3}"}`;

interface Read {
  readonly ids: readonly unknown[];
  readonly raw: readonly string[];
  readonly positions: readonly string[];
  readonly rejected: readonly (readonly [beforeIndex: number, code: string, raw: string, position: string])[];
}

/** Decodes a text that is given in two stretches, the second of them the last: in memory without any margin. */
function read(text: string, cut: number, columns: boolean): Read {
  const decoder = ndjson().create({ projection: "all", schema, maxRecordBytes: 1000, columns });
  const batches = new BatchDecoder({ decoder, partition: "0", isText: true, maxRejectedBytes: 100, position: String });
  const all = new Uint8Array(Buffer.from(text));
  const found = { ids: [] as unknown[], raw: [] as string[], positions: [] as string[], rejected: [] as (readonly [number, string, string, string])[] };
  let base = 0;
  for (const [to, last] of [[cut, false], [all.length, false], [all.length, true]] as const) {
    const bytes = all.slice(base, to);
    const { batch, used } = batches.decode({ bytes, from: 0, to: bytes.length, last, base });
    base += used;
    if (batch === undefined) continue;
    const ids = batch.columns?.find(({ name }) => name === "id")?.values ?? (batch.values ?? []).map((row) => (row as { id: number }).id);
    found.rejected.push(...(batch.rejected ?? []).map(({ beforeIndex, error, raw, position }) => [found.ids.length + beforeIndex, error.code, Buffer.from(raw ?? []).toString(), position] as const));
    found.ids.push(...Array.from(ids).slice(0, batch.length));
    for (let i = 0; i < batch.length; i++) {
      found.raw.push(Buffer.from(batch.raw?.bytes.subarray(batch.raw.starts[i], batch.raw.ends[i]) ?? []).toString());
      found.positions.push(batch.positionAt(i));
    }
    batch.release?.();
  }
  return found;
}

describe.each([false, true])("in columns: %s", (columns) => {
  it("a last line without its end is a record, or rejected where it is cut off", () => {
    const lines = Array.from({ length: 50 }, (_, id) => line(id));
    const whole = `${lines.join("\n")}\n`;
    for (let more = 1; more <= line(50).length; more++) {
      const text = whole + line(50).slice(0, more);
      for (const cut of [0, 30, 700, text.length]) {
        const found = read(text, cut, columns);
        const isWhole = more === line(50).length;
        expect(found.ids).toEqual([...lines.keys(), ...(isWhole ? [50] : [])]);
        expect(found.raw).toEqual(isWhole ? [...lines, line(50)] : lines);
        expect(found.positions.at(-1)).toBe(String(isWhole ? text.length : whole.length));
        expect(found.rejected).toEqual(isWhole ? [] : [[50, "SF_CODEC_DECODE", line(50).slice(0, more), String(text.length)]]);
      }
    }
  });
});

it.each([false, true])("the position of a record says nothing of an unfinished line behind it (columns: %s)", (columns) => {
  const decoder = ndjson().create({ projection: "all", schema, maxRecordBytes: 100, columns });
  const batches = new BatchDecoder({ decoder, partition: "0", isText: true, maxRejectedBytes: 100, position: (offset, snapshot) => `${offset} ${snapshot}` });
  const text = `${line(1)}\n${" ".repeat(200)}`;
  const { batch } = batches.decode({ bytes: new Uint8Array(Buffer.from(text)), from: 0, to: text.length, last: false, base: 0 });
  expect([batch?.positionAt(0), batch?.endPosition]).toEqual(["20 ", "20 "]);
  // At the end of the input, too.
  const { batch: rest } = batches.decode({ bytes: new Uint8Array(Buffer.from(`\n${line(2)}`)), from: 0, to: 20, last: true, base: text.length });
  expect(rest?.endPosition).toBe(`${text.length + 20} `);
});

describe.each([["ndjson", false], ["ndjson", true], ["csv", false], ["csv", true]] as const)("%s, in columns: %s", (format, columns) => {
  it("a record that is too long leaves the positions before it alone, wherever it is cut", () => {
    const csvLine = (id: number): string => `${id},k${id % 3}`;
    const [head, short, long] = format === "csv" ? ["id,key\n", csvLine, `7,${"x".repeat(200)}`] : ["", line, `{"id":7,"key":"${"x".repeat(200)}"}`];
    const text = `${head}${Array.from({ length: 40 }, (_, id) => `${short(id)}\n`).join("")}${long}\n${short(99)}\n`;
    const make = (): Decoder => (format === "csv" ? csv() : ndjson()).create({ projection: "all", schema, maxRecordBytes: 60, columns });
    const read = (from: { readonly offset: number; readonly snapshot: string } | undefined, cut: number): { ids: unknown[]; places: (readonly [id: unknown, place: string])[] } => {
      const decoder = make();
      if (from !== undefined) decoder.restore?.(from.snapshot);
      const batches = new BatchDecoder({ decoder, partition: "0", isText: true, maxRejectedBytes: 100, position: (offset, snapshot) => JSON.stringify({ offset, snapshot }) });
      const bytes = Buffer.from(text);
      const places: (readonly [unknown, string])[] = [];
      let at = from?.offset ?? 0;
      for (const [to, last] of [[cut, false], [bytes.length, false], [bytes.length, true]] as const) {
        if (to < at) continue;
        const { batch, used } = batches.decode({ bytes, from: at, to, last, base: 0 });
        at = used;
        const ids = batch?.columns?.find(({ name }) => name === "id")?.values ?? (batch?.values ?? []).map((row) => (row as { id: number }).id);
        for (let i = 0; i < (batch?.length ?? 0); i++) places.push([ids[i], batch!.positionAt(i)]);
        batch?.release?.();
      }
      return { ids: places.map(([id]) => id), places };
    };
    const begin = text.indexOf(long);
    const all = [...Array(40).keys(), 99];
    for (const cut of [begin, begin + 1, begin + 62, begin + 70, begin + 150, begin + long.length, begin + long.length + 1]) {
      const { ids, places } = read(undefined, cut);
      expect(ids).toEqual(all);
      // Whoever goes on behind any record reads what follows it.
      for (const at of [0, 38, 39]) expect(read(JSON.parse(places[at]![1]) as { offset: number; snapshot: string }, cut).ids, `behind record ${at}, cut at ${cut}`).toEqual(all.slice(at + 1));
    }
  });
});
