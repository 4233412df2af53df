import { expect, it } from "vitest";
import { StatusLine } from "./status-line.ts";

function stream(isTTY: boolean): { readonly text: () => string; readonly isTTY: boolean; readonly columns: number; write(text: string): boolean } {
  let all = "";
  return { isTTY, columns: 12, text: () => all, write: (text) => Boolean((all += text)) };
}

it("is drawn over on a terminal, cut to its width, and other lines go above it", () => {
  const out = stream(true);
  const line = new StatusLine(out, {});
  line.show("0123456789abcdef");
  line.write("a log line\n");
  line.clear();
  line.write("the end\n");
  const erase = "\r\u001b[2K";
  expect(out.text()).toBe(`${erase}0123456789…${erase}a log line\n${erase}0123456789…${erase}the end\n`);
});

it("is a line after another elsewhere", () => {
  for (const [out, variables] of [[stream(false), {}], [stream(true), { TERM: "dumb" }]] as const) {
    const line = new StatusLine(out, variables);
    line.show("one");
    line.write("log\n");
    line.show("two");
    line.clear();
    expect(out.text()).toBe("one\nlog\ntwo\n");
    expect(line.isLive).toBe(false);
  }
});
