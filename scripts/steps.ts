// Runs the steps of a test run one after another and counts what passed.
//   I1. A step that is one command counts as one; a Vitest step counts its tests, as its own report names them.
//   I2. Every step runs, also after a failure, and the last line on stdout is the total.

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.ts";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Step {
  readonly name: string;
  readonly run: () => Promise<Counts>;
}

/** A step that is one command of Node: it passes when the command exits with 0. */
export function check(name: string, args: readonly string[]): Step {
  return {
    name,
    run: async () => ((await runNode(args)) === 0 ? passed(1) : failed(1)),
  };
}

/** A step that is a Vitest run; `args` may name a config or files. */
export function vitest(name: string, args: readonly string[] = []): Step {
  return {
    name,
    run: async () => {
      const report = join(root, `node_modules/.cache/vitest-${name}.json`);
      mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
      rmSync(report, { force: true });
      const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
      const code = await runNode([join(root, "node_modules/vitest/vitest.mjs"), "run", ...reporters, ...args]);
      return countReport(report, code);
    },
  };
}

/** Runs every step and prints the total; sets the exit code to 1 when anything failed or nothing passed. */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  const results: { name: string; counts: Counts; seconds: string }[] = [];
  for (const [index, step] of steps.entries()) {
    console.log(`\n== ${step.name} (step ${index + 1} of ${steps.length})`);
    const start = performance.now();
    const counts = await step.run();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    results.push({ name: step.name, counts, seconds });
    console.log(`== ${step.name}: ${counts.failed === 0 ? "ok" : "FAILED"}, ${seconds} s`);
  }
  console.log("");
  for (const { name, counts, seconds } of results) {
    console.log(`${counts.failed === 0 ? "ok    " : "FAILED"} ${name.padEnd(18)} ${seconds.padStart(6)} s`);
  }
  const total = results.reduce((sum, { counts }) => add(sum, counts), passed(0));
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
}

async function runNode(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  return await new Promise((done, failedToStart) => {
    child.on("error", failedToStart);
    child.on("exit", (code) => {
      done(code ?? 1);
    });
  });
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

function countReport(file: string, exitCode: number): Counts {
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  } catch {
    console.log(`Vitest ended with exit code ${exitCode} and left no report.`);
    return failed(1);
  }
  // A file that failed to load has no tests to count: it is one failure.
  const broken = report.testResults.filter(
    (result) => result.status === "failed" && result.assertionResults.length === 0,
  ).length;
  const failures = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    // An error outside of any test fails the run without failing a test.
    failed: failures === 0 && exitCode !== 0 ? 1 : failures,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function passed(count: number): Counts {
  return { passed: count, failed: 0, skipped: 0 };
}

function failed(count: number): Counts {
  return { passed: 0, failed: count, skipped: 0 };
}

function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}
