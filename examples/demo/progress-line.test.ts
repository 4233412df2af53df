import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { ProgressLine } from "./progress-line.ts";

function recorded(terminal: { live: boolean; color: boolean; width: number }): { line: ProgressLine; written: string[] } {
  const written: string[] = [];
  return { line: new ProgressLine({ title: "running", terminal, write: (text) => written.push(text) }), written };
}

describe("on a terminal", () => {
  const terminal = { live: true, color: false, width: 60 };

  it("draws one line over and over, and only when it changes", () => {
    const { line, written } = recorded(terminal);
    line.update(0, "start");
    line.update(0.5, "half");
    line.update(0.5, "half");
    line.done("finished");
    expect(written).toEqual([
      `\r\u001b[2Krunning ${"░".repeat(24)}   0 %  start`,
      `\r\u001b[2Krunning ${"█".repeat(12)}${"░".repeat(12)}  50 %  half`,
      "\r\u001b[2K",
      "finished\n",
    ]);
  });

  it("never wraps", () => {
    for (const width of [10, 20, 30, 60, 200]) {
      const { line, written } = recorded({ live: true, color: true, width });
      line.update(0.7, "a note of some length");
      const drawn = stripVTControlCharacters(written[0] ?? "").replace("\r", "");
      expect(drawn.length).toBeLessThan(width);
      expect(drawn).toMatch(/^running/);
    }
  });

  it("keeps what is said above the progress", () => {
    const { line, written } = recorded(terminal);
    line.update(1);
    line.say("killed");
    expect(written.slice(1)).toEqual(["\r\u001b[2K", "killed\n", written[0]]);
  });
});

describe("in a log", () => {
  it("writes a line for each step, without escapes", () => {
    const { line, written } = recorded({ live: false, color: false, width: 80 });
    for (let percent = 0; percent <= 100; percent++) line.update(percent / 100, `${percent}`);
    line.say("killed");
    line.done("finished");
    expect(written).toEqual(["running   0 %  0\n", "running  25 %  25\n", "running  50 %  50\n", "running  75 %  75\n", "running 100 %  100\n", "killed\n", "finished\n"]);
  });
});
