import { expect, it } from "vitest";
import { errorCodes, StreamFlowError, type ErrorCode } from "@streamflow/core";
import { exitCodeOf, exitCodes, exitCodeTable } from "./exit-codes.ts";

it("tells apart what a script can do something about", () => {
  expect(exitCodeOf(new StreamFlowError("SF_CONFIG_INVALID", "x"))).toBe(2);
  expect(exitCodeOf(new StreamFlowError("SF_CLIENT_MISSING", "x"))).toBe(2);
  expect(exitCodeOf(new StreamFlowError("SF_LEASE_HELD", "x"))).toBe(3);
  expect(exitCodeOf(new StreamFlowError("SF_STATE_CORRUPT", "x"))).toBe(4);
  expect(exitCodeOf(new StreamFlowError("SF_SOURCE_FAILED", "x"))).toBe(1);
  expect(exitCodeOf(new Error("x"))).toBe(1);
});

it("takes a spent restart budget for the failure that spent it", () => {
  const cause = new StreamFlowError("SF_LEASE_LOST", "x");
  expect(exitCodeOf(new StreamFlowError("SF_RESTART_EXHAUSTED", "x", { cause }))).toBe(3);
  expect(exitCodeOf(new StreamFlowError("SF_RESTART_EXHAUSTED", "x"))).toBe(1);
});

it("has a meaning for every code that it can answer", () => {
  const told = new Set(exitCodeTable.map(({ code }) => code));
  expect([...told].sort()).toEqual(Object.values(exitCodes).sort());
  for (const code of Object.keys(errorCodes) as ErrorCode[]) expect(told).toContain(exitCodeOf(new StreamFlowError(code, "x")));
});
