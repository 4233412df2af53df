import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readFlights } from "./flights.ts";
import { recount } from "./recount.ts";
import { RecountThread, type RawFiles } from "./recount-thread.ts";
import { sampleResults } from "./sample-results.ts";

const rawFlights = new URL("./testdata/flights.parquet", import.meta.url);
let folder: string;
let files: RawFiles;
let results: URL;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "streamflow-demo-"));
  const airports = join(folder, "airports.csv");
  await writeFile(airports, "iata,name,city,state\nATL,Hartsfield,Atlanta,GA\n");
  files = { flights: rawFlights.href, airports: pathToFileURL(airports).href };
  results = pathToFileURL(join(folder, "results.db"));
  sampleResults(recount(await readFlights(rawFlights), new Map([["ATL", "GA"]])), fileURLToPath(results)).close();
});

afterEach(() => rm(folder, { recursive: true }));

describe("RecountThread", () => {
  it("counts the raw files, and compares with what it counted", async () => {
    await using thread = new RecountThread(files);
    const windows = await thread.counted;
    expect(windows).toBeGreaterThan(0);
    expect(await thread.compare(results)).toMatchObject({ windows, lost: 0, doubled: 0, differing: 0 });
  });

  it("finds what is wrong", async () => {
    const database = new DatabaseSync(fileURLToPath(results));
    database.exec("UPDATE hourly SET state = 'XX' WHERE destination = 'ATL'");
    database.close();
    await using thread = new RecountThread(files);
    const { differing } = await thread.compare(results);
    expect(differing).toBeGreaterThan(0);
  });

  it("fails with what the thread failed with", async () => {
    await using thread = new RecountThread({ ...files, flights: pathToFileURL(join(folder, "missing")).href });
    await expect(thread.counted).rejects.toThrow("ENOENT");
    await expect(thread.compare(results)).rejects.toThrow("ENOENT");
  });
});
