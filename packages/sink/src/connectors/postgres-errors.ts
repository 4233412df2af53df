// What Postgres and the network say, as errors with codes. Nothing of a connection string but host, port and database gets into a message.
import type { AnyErrorCode, ErrorDetails } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";

/** What a state of Postgres means to a pipeline. */
interface Meaning {
  readonly code: AnyErrorCode;
  readonly hint?: string;
}

/** By SQLSTATE, else by its class: the first two characters. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["08", { code: "SF_SINK_UNAVAILABLE" }],
  ["22", { code: "SF_SINK_FAILED", hint: "a record does not fit a column of the table; compare the types of the table with those of the records" }],
  ["23", { code: "SF_SINK_FAILED", hint: 'a record breaks a constraint of the table; use mode "upsert" for keys that come again' }],
  ["25006", { code: "SF_SINK_UNAVAILABLE", hint: "the server is read-only: a standby, or in recovery; connect to the primary" }],
  ["25P03", { code: "SF_SINK_UNAVAILABLE", hint: "the server ended a transaction in which nothing had happened for long" }],
  ["28", { code: "SF_CONFIG_INVALID", hint: "check user and password of the connection string, and pg_hba.conf of the server" }],
  ["3D", { code: "SF_CONFIG_INVALID", hint: "check the name of the database in the connection string" }],
  ["3F", { code: "SF_CONFIG_INVALID", hint: "create the schema, or name another one" }],
  ["40", { code: "SF_SINK_UNAVAILABLE" }],
  ["42", { code: "SF_CONFIG_INVALID" }],
  ["42501", { code: "SF_CONFIG_INVALID", hint: "grant the user of the connection what is missing: INSERT, UPDATE, DELETE and SELECT on the table and on _streamflow_commits, and CREATE on their schema where they are to be made" }],
  ["53", { code: "SF_SINK_UNAVAILABLE" }],
  ["53100", { code: "SF_DISK_FULL", hint: "free space on the server; the pipeline resumes from its last checkpoint" }],
  ["55", { code: "SF_SINK_UNAVAILABLE" }],
  ["57", { code: "SF_SINK_UNAVAILABLE" }],
  ["58", { code: "SF_SINK_UNAVAILABLE" }],
]);

/** Turns what the client throws into a StreamFlowError. @param where sink and server, for the message */
export function postgresError(thrown: unknown, where: string): StreamFlowError {
  if (StreamFlowError.is(thrown)) return thrown;
  const state = (thrown as { readonly code?: unknown } | null)?.code;
  const message = thrown instanceof Error && thrown.message !== "" ? thrown.message : String(state ?? thrown);
  // What has no state of Postgres comes of the network: refused, reset, ended in the middle.
  const isState = typeof state === "string" && /^[0-9A-Z]{5}$/.test(state) && !/^E[A-Z]{4}$/.test(state);
  const { code, hint }: Meaning = (isState ? (meanings.get(state) ?? meanings.get(state.slice(0, 2)) ?? { code: "SF_SINK_FAILED" }) : undefined) ?? { code: "SF_SINK_UNAVAILABLE" };
  const details: ErrorDetails = { cause: thrown, context: { server: where, ...(typeof state === "string" ? { state } : {}) }, ...(hint === undefined ? {} : { hint }) };
  return new StreamFlowError(code, `${where}: ${message}`, details);
}

/** What the import of an optional client throws: that it is not installed, with the command that mends it; anything else passes through. */
export function clientError(thrown: unknown, where: string): unknown {
  const { code, message = "" } = thrown as { readonly code?: string; readonly message?: string };
  if (code !== "ERR_MODULE_NOT_FOUND" || !/'(pg|pg-copy-streams)'/.test(message)) return thrown;
  return new StreamFlowError("SF_CLIENT_MISSING", `${where} needs the packages pg and pg-copy-streams, which are not installed`, { cause: thrown, hint: "npm install pg@8 pg-copy-streams@7" });
}

/** Host, port and database of a connection string, and nothing else of it. */
export function serverOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return "Postgres";
  return `${parsed.hostname === "" ? "localhost" : parsed.hostname}:${parsed.port === "" ? "5432" : parsed.port}${parsed.pathname}`;
}
