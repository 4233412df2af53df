// Every example, in code and in YAML: the same plan, and the output that is committed beside it.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { canonicalPlan, decodeDeadLetter, deadLetterLog } from "@streamflow/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { forms, linesOf, planOf, runPlan, textLines } from "./example.fixture.ts";

const here = import.meta.dirname;
const cli = join(here, "../packages/cli/src/bin.ts");
const at = (example: string, ...path: readonly string[]): string => join(here, example, ...path);

let root: string;
let out: string;
let data: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "streamflow-example-"));
  out = join(root, "out");
  data = join(root, "data");
});

afterEach(() => rm(root, { recursive: true }));

it.each(["01-filter", "02-windows", "03-late-and-side-outputs", "04-join-and-lookup", "05-exactly-once"])("%s is the same plan in code and in YAML", async (example) => {
  const [code, yaml] = await Promise.all(forms.map((form) => planOf(at(example), form, { out: "elsewhere" })));
  if (code === undefined || yaml === undefined) throw new Error("no plan");
  expect(canonicalPlan(yaml)).toEqual(canonicalPlan(code));
});

describe.each(forms)("in %s", (form) => {
  it("01-filter writes to standard output, run by the command line", async () => {
    const args = ["--conditions=streamflow-source", "--disable-warning=ExperimentalWarning", cli, "run", at("01-filter", `pipeline.${form}`), "--data", data];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout.trimEnd().split("\n")).toEqual(await textLines(at("01-filter", "expected.ndjson")));
  });

  it("02-windows counts and averages", async () => {
    await runPlan(await planOf(at("02-windows"), form, { out }), data);
    expect(await linesOf(out)).toEqual(await textLines(at("02-windows", "expected.csv")));
  });

  it("03-late-and-side-outputs has a place for every record", async () => {
    const plan = await planOf(at("03-late-and-side-outputs"), form, { out });
    const letters = await runPlan(plan, data, async ({ logs }) => (await logs.read(deadLetterLog("orders"), 0, 10)).map(({ payload }) => decodeDeadLetter(payload)));
    const places = ["totals", "late", "refunds", "other", "rejected"];
    for (const place of places) expect([place, await linesOf(join(out, place))]).toEqual([place, await textLines(at("03-late-and-side-outputs", "expected", `${place}.ndjson`))]);
    expect(letters?.map(({ code, raw }) => `${code} ${Buffer.from(raw).toString()}`)).toEqual(await textLines(at("03-late-and-side-outputs", "expected", "dead-letters.txt")));
  });

  it("04-join-and-lookup pairs purchases with clicks", async () => {
    await runPlan(await planOf(at("04-join-and-lookup"), form, { out }), data);
    // Two files are read side by side: which user's pairs of a window come first is not said.
    expect([...(await linesOf(out))].sort()).toEqual([...(await textLines(at("04-join-and-lookup", "expected.ndjson")))].sort());
  });

  it("05-exactly-once keeps balances, and the large payments", async () => {
    await runPlan(await planOf(at("05-exactly-once"), form, { out }), data);
    const database = new DatabaseSync(join(out, "balances.db"), { readOnly: true });
    const rows = database.prepare("SELECT account, payments, cents FROM balances ORDER BY account").all();
    database.close();
    expect(rows.map((row) => JSON.stringify(row))).toEqual(await textLines(at("05-exactly-once", "expected-balances.ndjson")));
    expect(await linesOf(join(out, "large"))).toEqual(await textLines(at("05-exactly-once", "expected-large.ndjson")));
  });
});
