// `npm run verify`, which CI calls: everything that must hold before a change lands.
// Fault, simulation and bench steps are appended here as they come.

import { e2eStep } from "./e2e-step.ts";
import { check, runSteps, vitest, type Step } from "./steps.ts";
import { testSteps } from "./test-steps.ts";

/** Tests that make code of text themselves: to read a page of documentation, or to hold generated code to its plain counterpart; or that load a client which does. */
const ownCode = ["packages/core/src/types/types.test.ts", "packages/core/src/plan/function-source.test.ts", "packages/transform/src/generated.test.ts", "packages/ingest/src/validation/*.test.ts", "packages/ingest/src/kafka/wire-*.test.ts"];

/** The same tests where the process may not generate code from strings: every generated function has a plain counterpart. */
const withoutCode: Step = vitest("unit-no-code", [
  "--execArgv=--disallow-code-generation-from-strings",
  ...["core", "transform", "ingest", "sink"].map((name) => `packages/${name}/src`),
  ...ownCode.map((file) => `--exclude=${file}`),
]);

/** Decoders against what their input means, with other streams each time; what differs is printed with its seed. */
const fuzz: Step = check("fuzz", ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", "scripts/fuzz.ts", "--seconds", "60"]);

/** Processes killed in the middle of their work, over all sinks and stores, with other moments each time; a failure prints its seed. Needs the servers of the test bed. */
const chaos: Step = check("chaos", ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", "e2e/chaos/main.ts", "--kills", "200"]);

/** The whole engine on a virtual disk and clock, under other schedules each time; one that differs is printed with its number, and shrunk. */
const simulation: Step = check("simulation", ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", "e2e/simulation/main.ts", "--schedules", "100000", "--seconds", "290"]);

/** W1 and W2 beside plain Node and DuckDB, W5 beside itself without checkpoints, by records per CPU-second: bench/floors.ts. */
const benchFloors: Step = check("bench-floors", ["--disable-warning=ExperimentalWarning", "bench/floors.ts"]);

await runSteps([...testSteps, withoutCode, e2eStep, chaos, simulation, fuzz, benchFloors]);
