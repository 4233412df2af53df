import { mayGenerateCode } from "@streamflow/core";
import { describe, expect, it } from "vitest";
import { decodeAll } from "../../testing/decode-all.ts";
import { withRewrittenScanners } from "../scanner-function.ts";
import { csv } from "./csv.ts";
import { isScannable } from "./scanner.ts";

const plan = { targets: [], width: 3, delimiter: 0x2c, maxRecordBytes: 100, columns: false };
const target = { name: "a", column: 0, type: undefined };

it("there is no scanner where a delimiter may be part of a number, nor for hundreds of fields", () => {
  expect([",", ";", "\t", "|", " ", "~"].map((delimiter) => isScannable({ ...plan, delimiter: delimiter.charCodeAt(0) }))).not.toContain(false);
  expect(["0", "9", "-", "+", ".", "e", "_"].map((delimiter) => isScannable({ ...plan, delimiter: delimiter.charCodeAt(0) }))).not.toContain(true);
  expect(isScannable({ ...plan, targets: Array.from({ length: 200 }, () => target) })).toBe(true);
  expect(isScannable({ ...plan, targets: Array.from({ length: 201 }, () => target) })).toBe(false);
  expect(isScannable({ ...plan, width: 5_000 })).toBe(false);
});

describe.skipIf(!mayGenerateCode())("I3", () => {
  it("a header is text and never code", () => {
    const names = ['"});globalThis.broken=1;({"', "`${globalThis.broken=1}`", "\\", "\u2028", "__proto__", "*/", "constructor"];
    const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`).join();
    let source = "";
    const { items } = withRewrittenScanners((text) => (source = text), () => decodeAll(csv().create({ projection: "all", maxRecordBytes: 1000 }), Buffer.from(`${quoted}\n1,2,3,4,5,6,7\n${" ".repeat(20)}\n`)));
    expect(Object.entries(items[0] as object)).toEqual(names.map((name, i) => [name, String(i + 1)]));
    expect("broken" in globalThis).toBe(false);
    expect(source).toContain('"constructor"');
  });
});
