// Tests against real servers, which the test bed starts, and installs where they are missing: e2e/testbed.

import { vitest, type Step } from "./steps.ts";

export const e2eStep: Step = vitest("e2e", ["--config", "vitest.e2e.config.ts"]);
