// The clauses SEC-1 and SEC-2 as checks.
import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Secrets } from "../../contracts/environment.ts";
import { SuiteBuilder, type ConformanceCase } from "./case.ts";

/** What the suite needs. */
export interface SecretsHarness {
  /** Makes secrets that hold these values, and no others that the suite asks for. */
  create(values: Readonly<Record<string, string>>): Secrets | Promise<Secrets>;
  /** Frees what `create` made. */
  dispose?(): void | Promise<void>;
}

const values = { STREAMFLOW_TEST_PASSWORD: "correct horse", STREAMFLOW_TEST_EMPTY: "", STREAMFLOW_TEST_ODD: 'ä\u{1f4a7} "$x" \\n\ttab' } as const;

/** Checks that secrets keep the promises of {@link Secrets}. */
export function secretsConformance(harness: SecretsHarness): readonly ConformanceCase[] {
  const suite = new SuiteBuilder(async () => ({ secrets: await harness.create(values), end: async () => harness.dispose?.() }));

  suite.add(["SEC-1", "a value comes as it is, an empty one too, each time"], async ({ secrets }) => {
    for (const _ of ["once", "again"]) for (const [name, value] of Object.entries(values)) assert.equal(secrets.get(name), value, name);
  });

  suite.add(["SEC-1", "an unknown name is undefined, whatever the name"], async ({ secrets }) => {
    const names = ["STREAMFLOW_TEST_NONE", "streamflow_test_password", "", "STREAMFLOW_TEST_PASSWORD ", "constructor", "__proto__", "toString", "hasOwnProperty", "get", "../PASSWORD"];
    for (const name of names) assert.equal(secrets.get(name), undefined, JSON.stringify(name));
  });

  suite.add(["SEC-2", "showing, listing or copying the object tells no value"], async ({ secrets }) => {
    for (const name of Object.keys(values)) secrets.get(name);
    const shown = [inspect(secrets, { depth: 9, showHidden: true }), JSON.stringify(secrets) ?? "", JSON.stringify({ ...secrets }), JSON.stringify(Object.entries(secrets)), String(secrets)];
    for (const text of shown) for (const value of Object.values(values)) assert.ok(value === "" || !text.includes(value), "a value is shown");
  });
  return suite.cases;
}
