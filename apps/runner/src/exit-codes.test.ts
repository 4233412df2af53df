import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { StreamFlowError } from "@streamflow/core";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";

it("tells apart what whoever starts it can do something about", () => {
  expect(exitCodeOf(new StreamFlowError("SF_CONFIG_INVALID", "x"))).toBe(2);
  expect(exitCodeOf(new StreamFlowError("SF_STATE_CORRUPT", "x"))).toBe(4);
  expect(exitCodeOf(new StreamFlowError("SF_STATE_INCOMPATIBLE", "x"))).toBe(4);
  expect(exitCodeOf(new StreamFlowError("SF_DISK_FULL", "x"))).toBe(1);
});

it("README.md has every code", () => {
  const page = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  expect([...page.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code))).toEqual(Object.values(exitCodes));
});
