import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** How late memory is collected depends on what else the machine does: as with the floors, a figure that is too large is measured once more before it counts. */
const mostBytes = 512 * 1024 * 1024;

it("a pipeline with keyed windows, lateness and SQLite stays within 512 MiB (200 MB of input; 10 GB by hand: README)", { timeout: 120_000, retry: 1 }, async () => {
  const arguments_ = ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "memory.ts"), "--bytes", "200MB"];
  const { stdout } = await promisify(execFile)(process.execPath, arguments_);
  const report = JSON.parse(stdout) as { readonly records: number; readonly rssBytes: number };
  expect(report.records).toBe(2_000_000);
  expect(report.rssBytes).toBeLessThanOrEqual(mostBytes);
});
