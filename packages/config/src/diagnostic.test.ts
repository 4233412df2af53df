import { expect, it } from "vitest";
import { StreamFlowError } from "@streamflow/core";
import { ConfigError, renderDiagnostics, type Diagnostic } from "./diagnostic.ts";

const one: Diagnostic = {
  code: "SF_CONFIG_INVALID",
  message: 'expected a duration of at least 1 ms, got "-5s"',
  location: { file: "pipeline.yaml", line: 14, column: 15, path: "stages[2].window.size" },
  hint: "write 5s",
};

it("renders place, path and hint", () => {
  expect(renderDiagnostics([one, { code: "SF_INTERNAL", message: "x", location: {} }])).toBe(
    `error[SF_CONFIG_INVALID]: expected a duration of at least 1 ms, got "-5s"
  --> pipeline.yaml:14:15   stages[2].window.size
  hint: write 5s

error[SF_INTERNAL]: x`,
  );
});

it("is a StreamFlowError that says the first mistake and how many more there are", () => {
  const error = new ConfigError([one, one, one]);
  expect(StreamFlowError.is(error, "SF_CONFIG_INVALID")).toBe(true);
  expect(error.message).toBe('pipeline.yaml:14:15 stages[2].window.size: expected a duration of at least 1 ms, got "-5s" (and 2 more)');
  expect(error.location).toEqual(one.location);
  expect(error.hint).toBe("write 5s");
});

it("renders a place without a file", () => {
  expect(renderDiagnostics([{ ...one, location: { line: 2, column: 3 } }])).toContain("--> line:2:3\n");
});
