import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { compare, proofLine } from "./compare.ts";
import { readFlights } from "./flights.ts";
import { prepare } from "./prepare.ts";
import { recount } from "./recount.ts";
import { openResults } from "./result-tables.ts";
import { runPipeline } from "./run-pipeline.ts";

const rawFlights = new URL("./testdata/flights.parquet", import.meta.url);
const env = { ...process.env, NODE_OPTIONS: "--conditions=streamflow-source" };
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "streamflow-demo-"));
  await writeFile(join(root, "airports.csv"), "iata,name,city,state\nATL,Hartsfield,Atlanta,GA\n");
});

afterEach(() => rm(root, { recursive: true }));

it("runs the demo's pipeline, whose tables are those of the recount", async () => {
  const folder = pathToFileURL(`${root}/`);
  const { flights, airports } = await prepare({ folder, rawFlights, rawAirports: new URL("airports.csv", folder) });
  const files = { flights, airports, results: new URL("results.db", folder), dataFolder: new URL("data/", folder) };
  expect(await runPipeline(files, { kills: 0, env })).toMatchObject({ runs: 1, kills: [] });
  const results = openResults(files.results);
  const found = compare(results, recount(await readFlights(rawFlights), new Map([["ATL", "GA"]])));
  results.close();
  expect(found.examples).toEqual([]);
  expect(proofLine(found)).toBe(`exact: ${found.windows} windows, ${found.late} late, 0 lost, 0 doubled`);
  expect(found.late).toBeGreaterThan(0);
});
