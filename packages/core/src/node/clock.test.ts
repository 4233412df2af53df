import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { registerConformance } from "../testing/conformance/case.ts";
import { clockConformance } from "../testing/conformance/environment.ts";
import { systemClock } from "./clock.ts";

describe("system clock", () => {
  // Vitest's worker keeps the process alive while the clock's own timers do not.
  registerConformance(it, clockConformance({ create: systemClock, pass: (_clock, ms) => new Promise((resolve) => void setTimeout(resolve, ms + 2)) }));

  it("CLK-4: a timer does not keep a process alive", async () => {
    const url = new URL("clock.ts", import.meta.url).href;
    const program = `import { systemClock } from ${JSON.stringify(url)}; systemClock().setTimer(60_000, () => {}); console.log("done");`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { timeout: 15_000 });
    expect(stdout.trim()).toBe("done");
  });

  it("a timer further away than Node can count does not fire at once", async () => {
    const clock = systemClock();
    let fired = 0;
    const cancel = clock.setTimer(2 ** 31 + 5, () => fired++);
    await new Promise((resolve) => void setTimeout(resolve, 20));
    cancel();
    expect(fired).toBe(0);
  });

  it("a timer that throws does not stop the others", async () => {
    const clock = systemClock();
    const fired: string[] = [];
    const thrown = new Promise((resolve) => void process.prependOnceListener("uncaughtException", resolve));
    const others = process.listeners("uncaughtException").slice(1);
    for (const other of others) process.removeListener("uncaughtException", other);
    clock.setTimer(1, () => {
      throw new Error("from a timer");
    });
    clock.setTimer(2, () => fired.push("b"));
    await thrown;
    for (const other of others) process.on("uncaughtException", other);
    await new Promise((resolve) => void setTimeout(resolve, 30));
    expect(fired).toEqual(["b"]);
  });
});
