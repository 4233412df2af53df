import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Flight } from "./flights.ts";
import { prepare, type PrepareOptions } from "./prepare.ts";

let root: string;
let options: PrepareOptions & { readonly folder: URL };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "streamflow-demo-"));
  const rawAirports = join(root, "airports.csv");
  await writeFile(rawAirports, "iata,name,city,state\nATL,Hartsfield,Atlanta,GA\n");
  const folder = pathToFileURL(join(root, "cache/"));
  options = { folder, rawFlights: new URL("./testdata/flights.parquet", import.meta.url), rawAirports: pathToFileURL(rawAirports) };
});

afterEach(() => rm(root, { recursive: true }));

async function lines(file: URL): Promise<unknown[]> {
  const text = await readFile(file, "utf8");
  return text.trimEnd().split("\n").map((line): unknown => JSON.parse(line));
}

describe("prepare", () => {
  it("writes the flights in the order they landed, identical ones each", async () => {
    const prepared = await prepare(options);
    const landed = (await lines(prepared.flights)) as Flight[];
    expect(landed.map(({ origin, delay }) => `${origin} ${delay}`)).toEqual(
      ["LAX -20", "LAX -20", "ANC -13", "ORD -299", "LAS 33", "PHL 61", "ATL 250", "ATL 5"],
    );
    expect(prepared).toMatchObject({ records: 8, reused: false, disorder: { overOneHour: 3, overFourHours: 3 } });
    expect(prepared.bytes).toBe((await stat(prepared.flights)).size);
  });

  it("writes the airports", async () => {
    const { airports } = await prepare(options);
    expect(await lines(airports)).toEqual([{ iata: "ATL", state: "GA", city: "Atlanta", name: "Hartsfield" }]);
  });

  it("I1: leaves nothing but the finished files", async () => {
    await prepare(options);
    expect((await readdir(options.folder)).sort()).toEqual(["airports.ndjson", "flights.ndjson", "prepared.json"]);
  });

  it("I2: uses the files again", async () => {
    const first = await prepare(options);
    const written = (await stat(first.flights)).mtimeMs;
    expect(await prepare(options)).toEqual({ ...first, reused: true });
    expect((await stat(first.flights)).mtimeMs).toBe(written);
  });

  it.each(["flights.ndjson", "airports.ndjson", "prepared.json"])("I2: makes everything again when %s was cut short", async (name) => {
    const first = await prepare(options);
    const whole = await readFile(first.flights, "utf8");
    await truncate(new URL(name, options.folder), 10);
    expect(await prepare(options)).toMatchObject({ reused: false });
    expect(await readFile(first.flights, "utf8")).toBe(whole);
    expect(await prepare(options)).toMatchObject({ reused: true });
  });

  it("I2: makes everything again when the raw data changed", async () => {
    await prepare(options);
    await writeFile(options.rawAirports as URL, "iata,name,city,state\n");
    expect(await prepare(options)).toMatchObject({ reused: false });
  });
});
