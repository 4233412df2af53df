import { isAscii, isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { TextBuffer } from "./text-buffer.ts";
import { eachRun, type Encoding } from "./text-runs.ts";

function runsOf(bytes: Buffer, from = 0): { text: Buffer; encoding: Encoding }[] {
  const runs: { text: Buffer; encoding: Encoding }[] = [];
  eachRun(bytes as unknown as TextBuffer, { from, to: bytes.length }, (start, end, encoding) => void runs.push({ text: bytes.subarray(start, end), encoding }));
  return runs;
}

it("covers all lines in order; each run is what it says, and an invalid one is a single line", () => {
  const line = fc.array(fc.constantFrom(0x61, 0x62, 0xc3, 0xa9, 0xff, 0x22), { maxLength: 6 }).map((bytes) => Buffer.from([...bytes, 0x0a]));
  fc.assert(fc.property(fc.array(line, { minLength: 1, maxLength: 40 }), (lines) => {
    const bytes = Buffer.concat(lines);
    const runs = runsOf(bytes);
    expect(Buffer.concat(runs.map(({ text }) => text))).toEqual(bytes);
    for (const { text, encoding } of runs) {
      expect([isAscii(text), isUtf8(text)]).toEqual([encoding === "ascii", encoding !== "invalid"]);
      if (encoding === "invalid") expect(text.indexOf(0x0a)).toBe(text.length - 1);
    }
    expect(runs.filter(({ encoding }) => encoding === "invalid").length).toBe(lines.filter((text) => !isUtf8(text)).length);
  }));
});

it("one bad line among many splits them into few runs", () => {
  const bytes = Buffer.concat([Buffer.from("aé\n".repeat(5000)), Buffer.from([0xff, 0x0a]), Buffer.from("aé\n".repeat(5000))]);
  expect(runsOf(bytes).length).toBeLessThan(40);
});
