// What may be wrong with one line of a stream.
import type { Draw } from "./draw.fixture.ts";

/** Bytes that mean something to somebody. */
export const oddBytes: readonly number[] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a, 0x2d, 0x2b, 0x2e, 0x65, 0x30, 0x39, 0x2f, 0x1f, 0x20, 0x00, 0x09, 0x0d, 0x0a, 0x7f, 0x80, 0xa0, 0xc0, 0xc2, 0xe2, 0xed, 0xf0, 0xff];

/** Changes some bytes of a line. */
export function oddLine(draw: Draw, line: Uint8Array): Uint8Array {
  const bytes = [...line];
  for (let left = draw.chance(0.7) ? 1 : 1 + draw.below(4); left > 0; left--) {
    const at = draw.below(bytes.length + 1);
    const what = draw.below(6);
    if (what === 0) bytes.splice(at, 1);
    else if (what === 1) bytes.splice(at, 0, draw.pick(oddBytes));
    else if (what === 2) bytes.splice(at, 1, draw.pick(oddBytes));
    else if (what === 3) bytes[at] = (bytes[at] ?? 0) ^ (1 << draw.below(8));
    else if (what === 4) bytes.splice(at, 0, ...bytes.slice(at, at + 1 + draw.below(6)));
    else bytes.splice(at, 1, draw.below(256));
  }
  return Uint8Array.from(bytes);
}

/** A line that has little to do with those around it. */
export function foreignLine(draw: Draw): string {
  return draw.pick(["", " ", "\t \r", "{}", "{ }", "[]", "null", "7", '"x"', "{", "}", "{}{}", "\ufeff{}", '{"a":1', '{"a":1}}', '{"a"}', '{"a":1,}', '{,"a":1}', "{'a':1}", '{a:1}', '{"a":1}\r', "\r", "\u0000", '{"":{"":{"":[]}}}', `${"[".repeat(draw.below(300))}`, `"${"y".repeat(draw.below(6000))}"`]);
}
