import { StreamFlowError } from "@streamflow/core";
import { expect, it } from "vitest";
import { clientError, postgresError, serverOf } from "./postgres-errors.ts";

it("a state of Postgres becomes a code, and what has none is the network", () => {
  const codeOf = (code: string | undefined): unknown => postgresError(Object.assign(new Error("m"), code === undefined ? {} : { code }), "w").code;
  expect(["28P01", "3D000", "42P01", "42501", "3F000"].map(codeOf)).toEqual(Array(5).fill("SF_CONFIG_INVALID"));
  expect(["57P01", "53300", "40P01", "40001", "08006", "25006", "55P03", "25P03", "ECONNREFUSED", "EPIPE", "ENOTFOUND", undefined].map(codeOf)).toEqual(Array(12).fill("SF_SINK_UNAVAILABLE"));
  expect(["23505", "22003", "XX000"].map(codeOf)).toEqual(Array(3).fill("SF_SINK_FAILED"));
  expect(codeOf("53100")).toBe("SF_DISK_FULL");
});

it("an error says where, and what; one of ours passes through", () => {
  const error = postgresError(Object.assign(new Error("too many clients"), { code: "53300" }), "Postgres sink \"out\": h:1/d");
  expect([error.message, error.retryable, error.context]).toEqual(['Postgres sink "out": h:1/d: too many clients', true, { server: 'Postgres sink "out": h:1/d', state: "53300" }]);
  expect(postgresError(error, "elsewhere")).toBe(error);
  expect(postgresError(Object.assign(new Error(""), { code: "ECONNREFUSED" }), "w").message).toBe("w: ECONNREFUSED");
});

it("of a connection string only host, port and database are told", () => {
  const given = ["postgres://me:secret@db.example:5433/flights?sslmode=require", "postgres://me:secret@db.example/flights", "postgres:///flights", "host=db password=secret"];
  expect(given.map(serverOf)).toEqual(["db.example:5433/flights", "db.example:5432/flights", "localhost:5432/flights", "Postgres"]);
});

it("a client that is not installed is said, with the command; other failures of its import pass through", () => {
  const missing = Object.assign(new Error("Cannot find package 'pg' imported from x"), { code: "ERR_MODULE_NOT_FOUND" });
  expect(clientError(missing, "w")).toMatchObject({ code: "SF_CLIENT_MISSING", hint: "npm install pg@8 pg-copy-streams@7" } satisfies Partial<StreamFlowError>);
  const other = new Error("broken");
  expect(clientError(other, "w")).toBe(other);
});
