// `npm run test:e2e`: everything that needs a real server. Needs Debian's apt the first time, where a server is not installed.

import { e2eStep } from "./e2e-step.ts";
import { runSteps } from "./steps.ts";

await runSteps([e2eStep]);
