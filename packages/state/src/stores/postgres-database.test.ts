import { expect, it } from "vitest";
import { storeError } from "./postgres-database.ts";

it("a state of Postgres becomes a code, and what has none is a server that is not there", () => {
  const codeOf = (code: string | undefined): unknown => storeError(Object.assign(new Error("m"), code === undefined ? {} : { code }), "w").code;
  expect(["28P01", "3D000", "42501", "3F000"].map(codeOf)).toEqual(Array(4).fill("SF_CONFIG_INVALID"));
  expect(["57P01", "53300", "40P01", "08006", "25006", "ECONNREFUSED", undefined].map(codeOf)).toEqual(Array(7).fill("SF_STORE_UNAVAILABLE"));
  expect(["53100", "XX001", "23505"].map(codeOf)).toEqual(["SF_DISK_FULL", "SF_STATE_CORRUPT", "SF_CHECKPOINT_FAILED"]);
});

it("an error names the database; one of ours passes through", () => {
  const error = storeError(Object.assign(new Error("too many clients"), { code: "53300" }), "db:5432/x");
  expect([error.message, error.retryable, error.context]).toEqual(["stores in Postgres, db:5432/x: too many clients", true, { path: "db:5432/x", state: "53300" }]);
  expect(storeError(error, "elsewhere")).toBe(error);
});
