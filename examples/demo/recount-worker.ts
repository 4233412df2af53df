// The thread's side of recount-thread.ts: counts at once, compares when it is told where the results are.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { parseAirports } from "./airports.ts";
import { compare } from "./compare.ts";
import { readFlights } from "./flights.ts";
import { recount } from "./recount.ts";
import type { RawFiles } from "./recount-thread.ts";
import { openResults } from "./result-tables.ts";

if (parentPort === null) throw new Error("recount-worker.ts runs in a thread of recount-thread.ts");
const { flights, airports } = workerData as RawFiles;
const states = new Map(parseAirports(await readFile(new URL(airports), "utf8")).map(({ iata, state }) => [iata, state]));
const expected = recount(await readFlights(new URL(flights)), states);
parentPort.postMessage(expected.hourly.size);

const [file] = (await once(parentPort, "message")) as [string];
const results = openResults(new URL(file));
parentPort.postMessage(compare(results, expected));
results.close();
