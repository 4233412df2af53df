import { defineConfig } from "vitest/config";

// Tests run on the sources of every package: nothing needs to be built first.
const conditions = ["streamflow-source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["streamflow-source", "node"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "examples/**/*.test.ts", "scripts/**/*.test.ts", "e2e/chaos/*.test.ts", "e2e/simulation/*.test.ts", "bench/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/*.e2e.test.ts"],
    // Test files share a worker: no module holds state of its own, so nothing leaks from one to the next.
    isolate: false,
    // Many tests wait for processes of their own: a worker for every core.
    maxWorkers: "100%",
    // A bound for what hangs: on a busy machine, processes of their own take long to start.
    testTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts", "apps/*/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.test-d.ts"],
    },
  },
});
