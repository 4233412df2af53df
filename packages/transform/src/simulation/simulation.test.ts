// Hunts for results that depend on anything but the input: random plans under random schedules against the same plan run plainly.
//   STREAMFLOW_SIMULATION_RUNS and STREAMFLOW_SIMULATION_SEED ask for more runs, and for others; with STREAMFLOW_SIMULATION_PATH a failure is run again (CONTRIBUTING.md).
import { forbidCodeGeneration } from "@streamflow/core/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { differences } from "./difference.fixture.ts";
import { isModelled, modelOf, unsigned } from "./model.fixture.ts";
import { planSpecs, type PlanSpec } from "./plan-spec.fixture.ts";
import { type Outcome, plainSchedule, Simulation } from "./run.fixture.ts";
import { faultPoints, scheduleSpecs, type ScheduleSpec } from "./schedule.fixture.ts";
import { planInWords, scheduleInWords } from "./words.fixture.ts";

const numRuns = Number(process.env["STREAMFLOW_SIMULATION_RUNS"] ?? 120);
const seed = Number(process.env["STREAMFLOW_SIMULATION_SEED"] ?? 1);
const path = process.env["STREAMFLOW_SIMULATION_PATH"] ?? "";

interface Case {
  readonly plan: PlanSpec;
  readonly schedules: readonly ScheduleSpec[];
  [fc.toStringMethod](): string;
}

const cases: fc.Arbitrary<Case> = fc.tuple(planSpecs, fc.array(scheduleSpecs, { minLength: 1, maxLength: 3 })).map(([plan, schedules]) => ({
  plan,
  schedules,
  [fc.toStringMethod]: () => `\n${planInWords(plan)}\n${schedules.map(scheduleInWords).join("\n")}\n`,
}));

const plans = planSpecs.map((plan) => Object.assign({ plan }, { [fc.toStringMethod]: () => `\n${planInWords(plan)}\n` }));
/** The model looks at every record again for each: large inputs are for the other test. */
const modelledPlans = plans.filter(({ plan }) => isModelled(plan) && plan.sources.every(({ counts }) => Math.max(...counts) < 1_000));

/** The values of a sink, of all shards together. */
function valuesOf({ outputs }: Outcome, sink: string): readonly string[] {
  return Object.values(outputs[sink] ?? {}).flat().map((text) => unsigned(text.replace(/^\d at \S+ /, ""))).sort();
}

it("a fault-free run gives what a naive model gives", async () => {
  await fc.assert(
    fc.asyncProperty(modelledPlans, async ({ plan }) => {
      const outcome = await new Simulation(plan, plainSchedule).run();
      const expected = modelOf(plan);
      for (const sink of Object.keys(expected)) if (sink !== "late0" || plan.sides !== null) expect(valuesOf(outcome, sink), sink).toEqual(expected[sink]);
    }),
    { numRuns, seed, path },
  );
}, 3_600_000);

it("committed output is that of the fault-free run, whatever the batches, checkpoints, crashes and moves", async () => {
  const visited = new Set<string>();
  await fc.assert(
    fc.asyncProperty(cases, async ({ plan, schedules }) => {
      const expected = await new Simulation(plan, plainSchedule).run();
      for (const [at, schedule] of schedules.entries()) {
        // By turns as closures and as one generated function: they mean the same.
        forbidCodeGeneration(at % 2 === 0);
        expect(differences(expected, await new Simulation(plan, schedule, visited).run().finally(() => forbidCodeGeneration(false)))).toEqual([]);
      }
    }),
    { numRuns, seed, path },
  );
  if (path === "") expect([...visited].sort()).toEqual([...faultPoints].sort());
}, 3_600_000);
