// What a stream of JSON lines means, line by line, by other code than the decoder's.
import { StreamFlowError } from "@streamflow/core";
import { cut, cutType, plain, typed } from "./oracle-types.fixture.ts";
import { bytesOf, type FuzzCase, type Item } from "./fuzz-case.fixture.ts";
import { oracleJson } from "./oracle-json.fixture.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const headBytes = 65_536;

/** The records of a stream. */
export function ndjsonOracle(one: FuzzCase): Item[] {
  const bytes = bytesOf(one);
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const items: Item[] = [];
  for (let start = hasMark ? 3 : 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const newline = found < 0 ? bytes.length : found;
    const line = bytes.subarray(start, newline > start && bytes[newline - 1] === 0x0d ? newline - 1 : newline);
    start = newline + 1;
    const item = itemOf(line, one);
    if (item !== undefined) items.push(item);
  }
  return items;
}

function itemOf(raw: Uint8Array, one: FuzzCase): Item | undefined {
  if (raw.length > one.maxRecordBytes) return { value: undefined, code: "SF_RECORD_TOO_LARGE", raw: raw.subarray(0, headBytes) };
  if (raw.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)) return undefined;
  try {
    return { value: valueOf(raw, one), code: undefined, raw };
  } catch (thrown) {
    return { value: undefined, code: StreamFlowError.is(thrown) ? thrown.code : "SF_CODEC_DECODE", raw };
  }
}

function valueOf(raw: Uint8Array, { schema, projection }: FuzzCase): unknown {
  const parsed = oracleJson(strict.decode(raw), schema !== undefined);
  return schema === undefined ? cut(plain(parsed), projection) : typed(parsed, cutType(schema, projection));
}
