import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

/** Tests that need real servers: those of `e2e`, and `x.e2e.test.ts` beside the sources. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["e2e/**/*.test.ts", "packages/*/src/**/*.e2e.test.ts", "apps/*/src/**/*.e2e.test.ts", "bench/**/*.e2e.test.ts"],
    // These need no server: they are in every test run.
    exclude: ["**/node_modules/**", "**/dist/**", "e2e/chaos/**", "e2e/simulation/**"],
    globalSetup: ["e2e/testbed/global-setup.ts"],
  },
});
