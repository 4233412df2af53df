import { expect, it } from "vitest";
import { type ErrorCode, errorCodes } from "../error-codes.ts";
import { StreamFlowError } from "../errors.ts";
import { failureFates, fateOf } from "./fate.ts";

const error = (code: string): StreamFlowError => new StreamFlowError(code as ErrorCode, "x");

it("every code has a fate, and nothing else has", () => {
  expect(Object.keys(failureFates).sort()).toEqual(Object.keys(errorCodes).sort());
});

it("errors of records are final only where the policy says so; all others do not depend on it", () => {
  for (const [code, fate] of Object.entries(failureFates)) {
    const expected = fate === "fail" ? ["fail", "fail"] : fate === "dead letter" ? ["restart", "fail"] : ["restart", "restart"];
    expect([fateOf(error(code), "keep"), fateOf(error(code), "fail")], code).toEqual(expected);
  }
});

it("what is not known is tried again: errors of third parties, and anything thrown", () => {
  expect([error("EXT_VENDOR"), new Error("x"), "text", undefined].map((thrown) => fateOf(thrown, "fail"))).toEqual(["restart", "restart", "restart", "restart"]);
});

it("what a retry cannot mend is not retryable, except where another process must go first", () => {
  const retryable = Object.entries(failureFates).filter(([code, fate]) => fate === "fail" && errorCodes[code as ErrorCode].retryable);
  expect(retryable.map(([code]) => code)).toEqual(["SF_LEASE_HELD"]);
});
