// Threads that add up what they read: results, rejections, checkpoints and restarts are those of one thread (docs/adr/0007).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { explainText, mayGenerateCode, planPipeline, standardFunctionTable } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { recordingLogger, ScriptedFaults, seededRandom } from "@streamflow/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CountedThreads, orders, pipelineOf, runOnce, threadedEnvironment } from "./threads.fixture.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/streamflow-totals-`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function asked(): CountedThreads {
  return Object.assign(new CountedThreads(), { adds: true });
}

it("explain says where other threads may add up, and why not", () => {
  const explained = (plan: "totals" | "windows"): string => explainText(planPipeline(pipelineOf({ folder, name: "plan", plan, parallelism: 2 }).plan(), standardFunctionTable));
  expect(explained("totals")).toContain('the other threads may add up for "totals"');
  expect(explained("windows")).toContain('the other threads decode alone: "totals" (window) runs in the pipeline\'s thread');
});

// Where no code may be generated, records are no columns, and one thread reads them.
describe.runIf(mayGenerateCode())("totals of threads", () => {
  it.each([1, 2, 3])("give what one thread gives: late records, malformed ones, firings between records (seed %d)", async (seed) => {
    writeFileSync(`${folder}/input.ndjson`, orders(4_000, seed));
    const one = await runOnce({ folder, name: "one", plan: "totals", parallelism: 1 }, nodeEnvironment({ logger: recordingLogger() }));
    expect([one.error, one.deadLetters.length > 10, one.output["-out"]!.length > 10_000, one.output["-late"]!.length > 100]).toEqual([undefined, true, true, true]);
    for (const parallelism of [2, 3]) {
      const threads = asked();
      expect(await runOnce({ folder, name: `many${parallelism}`, plan: "totals", parallelism }, threadedEnvironment(threads))).toEqual(one);
      expect(threads.totals).toBeGreaterThan(5);
    }
  });

  it("give the same through crashes", async () => {
    const random = seededRandom(9);
    writeFileSync(`${folder}/input.ndjson`, orders(4_000, 9));
    const one = await runOnce({ folder, name: "one", plan: "totals", parallelism: 1 }, nodeEnvironment({ logger: recordingLogger() }));
    let crashes = 0;
    for (let attempt = 0; ; attempt++) {
      const faults = attempt === 4 ? undefined : new ScriptedFaults({ random: { seed: 700 + attempt, probability: 0.15 } });
      const outcome = await runOnce({ folder, name: "many", plan: "totals", parallelism: 2 + random.integer(2), everyMs: 2 }, threadedEnvironment(asked(), faults));
      if (outcome.error === undefined) {
        expect({ ...outcome, restarts: 0 }).toEqual({ ...one, restarts: 0 });
        break;
      }
      crashes++;
    }
    expect(crashes).toBeGreaterThan(0);
  });
});
