import { writeFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runWithKills, type KillOptions } from "./kill.ts";

// Counts to 100 in a file, from where the file stands; says each number.
const counter = `
  const { readFileSync, writeFileSync } = require("node:fs");
  const file = process.argv[1];
  let count = Number(readFileSync(file, "utf8"));
  console.log(count);
  setInterval(() => {
    writeFileSync(file, String(++count));
    console.log(count);
    if (count === 100) process.exit(0);
  }, 10);
`;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamflow-demo-"));
  file = join(folder, "count");
  await writeFile(file, "0");
});

afterEach(() => rm(folder, { recursive: true }));

function counting(overrides: Partial<KillOptions> = {}): KillOptions & { readonly started: number[] } {
  let count: number | undefined;
  const started: number[] = [];
  return {
    command: [process.execPath, "-e", counter, file],
    kills: 3,
    isOutputStarted: () => count !== undefined && count >= 10,
    progress: () => (count === undefined ? undefined : count / 100),
    onStart: (run) => {
      started.push(run);
      count = undefined;
    },
    onLine: (line) => (count = Number(line)),
    pollMs: 2,
    started,
    ...overrides,
  };
}

describe("runWithKills", () => {
  it("kills three times between the first output and the end, evenly, and lets the fourth process finish", async () => {
    const options = counting();
    const report = await runWithKills(options);
    expect(await readFile(file, "utf8")).toBe("100");
    expect(report.runs).toBe(4);
    expect(options.started).toEqual([1, 2, 3, 4]);
    expect(new Set(report.kills.map(({ pid }) => pid)).size).toBe(3);
    const [first, second, third] = report.kills.map(({ progress }) => progress);
    expect(first).toBeGreaterThanOrEqual(0.1 + 0.9 / 4);
    expect(second).toBeGreaterThan(first ?? 1);
    expect(third).toBeGreaterThan(second ?? 1);
    expect(third).toBeLessThan(1);
    expect(report.kills.every(({ afterMs }) => afterMs <= report.durationMs)).toBe(true);
  });

  it("spreads the kills over what is left, also when the process goes back each time", async () => {
    const options = counting({ kills: 2 });
    const report = await runWithKills({
      ...options,
      onStart: (run) => {
        writeFileSync(file, "0");
        options.onStart?.(run);
      },
    });
    const [first = 1, second = 0] = report.kills.map(({ progress }) => progress);
    expect(second).toBeGreaterThanOrEqual(first + (1 - first) / 2);
  });

  it("does not kill before there is output", async () => {
    const report = await runWithKills(counting({ isOutputStarted: () => false }));
    expect(report).toMatchObject({ kills: [], runs: 1 });
  });

  it("counts no kill that came too late", async () => {
    const report = await runWithKills(counting({ command: [process.execPath, "-e", "console.log(100)"] }));
    expect(report).toMatchObject({ kills: [], runs: 1 });
  });

  it("tells of each kill", async () => {
    const told: number[] = [];
    const report = await runWithKills(counting({ kills: 1, onKill: ({ pid }) => told.push(pid) }));
    expect(told).toEqual(report.kills.map(({ pid }) => pid));
    expect(told).toHaveLength(1);
  });

  it("fails with what the process said when it fails by itself", async () => {
    const failing = counting({ command: [process.execPath, "-e", "console.error('no disk'); process.exit(3)"] });
    await expect(runWithKills(failing)).rejects.toThrow(/ended with code 3\nno disk$/);
  });

  it("fails when something else kills the process", async () => {
    const dying = counting({ command: [process.execPath, "-e", "process.kill(process.pid, 'SIGKILL')"] });
    await expect(runWithKills(dying)).rejects.toThrow(/died of SIGKILL/);
  });

  it("fails when there is no such program", async () => {
    await expect(runWithKills(counting({ command: [join(folder, "missing")] }))).rejects.toThrow("ENOENT");
  });

  it("kills the process and gives up when it is told to", async () => {
    const controller = new AbortController();
    const pid: number[] = [];
    const forever = "console.log(process.pid); setInterval(() => {}, 1000)";
    const running = runWithKills(
      counting({
        command: [process.execPath, "-e", forever],
        signal: controller.signal,
        isOutputStarted: () => false,
        onLine: (line) => {
          pid.push(Number(line));
          controller.abort(new Error("enough"));
        },
      }),
    );
    await expect(running).rejects.toThrow("enough");
    expect(() => process.kill(pid[0] ?? 0, 0)).toThrow("ESRCH");
  });
});
