import type { Schema } from "@streamflow/core";
import { describe, expect, it } from "vitest";
import { BatchDecoder } from "./batch-decoder.ts";
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
