// What `npm test` runs: hermetic, no network, no servers.

import { check, vitest, type Step } from "./steps.ts";

export const testSteps: readonly Step[] = [
  check("build", ["scripts/build.ts"]),
  check("type-check", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.check.json"]),
  check("lint", ["scripts/lint.ts"]),
  check("check:deps", ["scripts/check-deps.ts"]),
  check("check:text", ["scripts/check-text.ts"]),
  check("check:docs", ["scripts/check-docs.ts"]),
  check("check:api", ["scripts/check-api.ts"]),
  check("check:package", ["--disable-warning=ExperimentalWarning", "scripts/check-package.ts"]),
  check("check:snippets", ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", "scripts/check-snippets.ts"]),
  vitest("unit"),
];
