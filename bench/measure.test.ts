import { describe, expect, it } from "vitest";
import { measure, median, whyNoMeasuring } from "./measure.ts";

const busy = "const end = performance.now() + 300; while (performance.now() < end);";

describe.skipIf(whyNoMeasuring() !== undefined)("measure", () => {
  it("counts the time and memory of the program's children", async () => {
    const child = `const hold = Buffer.alloc(200e6, 1); ${busy} hold.at(0);`;
    const parent = `require("node:child_process").spawnSync(process.execPath, ["-e", ${JSON.stringify(child)}]); ${busy}`;
    const usage = await measure({ name: "parent", program: process.execPath, arguments: ["-e", parent] });
    const alone = await measure({ name: "alone", program: process.execPath, arguments: ["-e", busy] });
    // How long a busy loop lasts is wall time; on a busy machine less of it is CPU time.
    expect(usage.cpuSeconds).toBeGreaterThan(alone.cpuSeconds * 1.2);
    expect(usage.wallSeconds).toBeGreaterThan(0.6);
    expect(usage.rssBytes).toBeGreaterThan(alone.rssBytes + 200e6);
  });

  it("fails with a program that fails", async () => {
    await expect(measure({ name: "broken", program: process.execPath, arguments: ["-e", "process.stderr.write('because'); process.exitCode = 3"] })).rejects.toThrow("broken ended with code 3\nbecause");
  });
});

it("the middle of an even count is the mean of two", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
