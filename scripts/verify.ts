// `npm run verify`, which CI calls: everything that must hold before a change lands.
// End-to-end, fault, simulation and bench steps are appended here as they come.

import { runSteps } from "./steps.ts";
import { testSteps } from "./test-steps.ts";

await runSteps([...testSteps]);
