// `npm test`. Arguments, when there are any, go to Vitest alone: `npm test -- packages/core`.

import { runSteps, vitest } from "./steps.ts";
import { testSteps } from "./test-steps.ts";

const args = process.argv.slice(2);
await runSteps(args.length > 0 ? [vitest("unit", args)] : testSteps);
