import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isKept, keyAt, lineAt, monotonicUs } from "../load/schedule.ts";
import { whyNoMeasuring } from "../measure.ts";
import { runPipe } from "./latency.ts";
import { nodeArguments, StudyFolder } from "./run-program.ts";
import { withSources } from "./sources.fixture.ts";

describe.skipIf(whyNoMeasuring() !== undefined)("W6", () => {
  withSources();

  it.each([[true, 0.9], [false, 1]] as const)("with the job: %s; every line that is kept is read, and timed behind the warm-up", async (hasJob, share) => {
    using folder = new StudyFolder();
    const latencies = await runPipe({ rate: 2_000, seconds: 1, warmUpSeconds: 0.25, folder, hasJob });
    expect(latencies).toMatchObject({ lines: 1_500 * share });
    expect(latencies.wrong).toBeUndefined();
    expect(latencies.p50Ms).toBeGreaterThan(0);
    expect(latencies.p50Ms).toBeLessThanOrEqual(latencies.p99Ms);
    expect(latencies.p99Ms).toBeLessThanOrEqual(latencies.maxMs);
  }, 60_000);
});

describe.skipIf(whyNoMeasuring() !== undefined)("the reader", () => {
  const rate = 1_000;
  const lines = Array.from({ length: 100 }, (_, i) => lineAt(i, rate));

  /** What it says of some lines that were all due long ago. */
  function read(form: "raw" | "counted", input: string): { readonly wrong?: string; readonly lines: number; readonly p50Ms: number } {
    const folder = mkdtempSync(join(tmpdir(), "streamflow-reader-"));
    const report = join(folder, "report.json");
    const schedule = [rate, 0.1, Math.floor(monotonicUs() - 5e6), report].map(String);
    const { status, stderr } = spawnSync(process.execPath, nodeArguments({ program: "load/reader", arguments: ["0", form, ...schedule] }), { input, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    const said = JSON.parse(readFileSync(report, "utf8")) as ReturnType<typeof read>;
    rmSync(folder, { recursive: true });
    return said;
  }

  it("takes the time from when a line was due", () => {
    const { wrong, lines: count, p50Ms } = read("raw", lines.join(""));
    expect([wrong, count]).toEqual([undefined, 100]);
    expect(p50Ms).toBeGreaterThan(4_900);
  });

  it("notices what is missing, doubled or miscounted", () => {
    expect(read("raw", lines.slice(0, -1).join("")).wrong).toBe("it ends at line 99 of 100");
    expect(read("raw", [...lines.slice(0, 7), ...lines.slice(6)].join("")).wrong).toContain("line 7 is");
    const counted = (skewAt: number): string => {
      const counts = new Map<number, number>();
      return lines.flatMap((_, i) => {
        if (!isKept(i)) return [];
        counts.set(keyAt(i), (counts.get(keyAt(i)) ?? 0) + 1);
        return [`{"key":${keyAt(i)},"count":${counts.get(keyAt(i))! + (i === skewAt ? 1 : 0)},"sent":${i * 1_000}}\n`];
      }).join("");
    };
    expect(read("counted", counted(-1)).wrong).toBeUndefined();
    expect(read("counted", counted(42)).wrong).toContain("line 42 is");
  });
});
