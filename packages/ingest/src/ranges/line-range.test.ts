import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TestFiles } from "../testing/test-files.ts";
import { linesOf, rangeBufferBytes, readRange } from "./line-range.ts";

async function linesIn(text: string, range: { readonly from: number; readonly to: number }): Promise<{ readonly text: string | undefined; readonly isWhole: boolean; readonly from: number }> {
  const files = new TestFiles();
  await files.write("/data/f", text);
  const file = await files.environment.disk.openRead("/data/f");
  const bytes = new Uint8Array(rangeBufferBytes(range.to - range.from));
  const read = await readRange(file, range, bytes);
  await file.close();
  const { first, end, isWhole } = linesOf(read, range);
  return { text: first < 0 ? undefined : Buffer.from(bytes.subarray(first, end)).toString(), isWhole, from: range.from - 1 + first - read.lead };
}

const lineOf = fc.array(fc.constantFrom("a", "é", "𝄞", '"', " ", "\r"), { maxLength: 12 }).map((parts) => `${parts.join("")}\n`);

describe("ranges of lines", () => {
  it("R1: side by side they hold every line once, however short", async () => {
    await fc.assert(fc.asyncProperty(fc.array(lineOf, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 9 }), async (lines, rangeBytes) => {
      const text = lines.join("");
      const size = Buffer.byteLength(text);
      // A position is behind a line: here, behind the first one.
      let reached = Buffer.byteLength(lines[0]!);
      let found = lines[0]!;
      for (let from = reached; from < size; from += rangeBytes) {
        const range = await linesIn(text, { from, to: from + rangeBytes });
        if (range.text === undefined) continue;
        expect(range.from).toBe(reached);
        found += range.text;
        reached += Buffer.byteLength(range.text);
      }
      expect(found).toBe(text);
    }));
  });

  it("a line without its end is left out, and told", async () => {
    expect(await linesIn("a\nbb\ncc", { from: 2, to: 7 })).toMatchObject({ text: "bb\n", isWhole: false });
    expect(await linesIn("a\nbb", { from: 2, to: 4 })).toMatchObject({ text: "", isWhole: false });
    expect(await linesIn("a\nbb", { from: 3, to: 4 })).toMatchObject({ text: undefined, isWhole: false });
  });

  it("a line that begins in the range is read far behind it, and not for ever", async () => {
    const long = `a\n${"b".repeat(40_000)}\nc\n`;
    expect(await linesIn(long, { from: 2, to: 10 })).toMatchObject({ text: `${"b".repeat(40_000)}\n`, isWhole: true });
    expect(await linesIn(long, { from: 10, to: 20 })).toMatchObject({ text: undefined });
    const endless = `a\nbb\n${"c".repeat(200_000)}\n`;
    expect(await linesIn(endless, { from: 2, to: 10 })).toMatchObject({ text: "bb\n", isWhole: false });
  });

  it("behind the end of a file there is nothing", async () => {
    expect(await linesIn("a\n", { from: 2, to: 10 })).toMatchObject({ text: "", isWhole: false });
    expect(await linesIn("a\n", { from: 100, to: 110 })).toMatchObject({ text: undefined, isWhole: false });
  });
});
