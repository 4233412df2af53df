// Makes the demo's input files, once: the flights in the order they landed, and the airports.
//   I1. A file appears under its name only when it is complete.
//   I2. The note is written last; files are used again only while they and their raw data still fit it.
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { airportLines, airportsFile, parseAirports } from "./airports.ts";
import { flightLines } from "./flight-lines.ts";
import { flightsFile, readFlights } from "./flights.ts";
import { landingOrder, measureDisorder, type Disorder } from "./landing-order.ts";

/** Where the input files are kept between runs. */
export const cacheFolder: URL = new URL("../node_modules/.cache/streamflow-demo/", import.meta.url);

/** Raised when the format of the files changes. */
const format = 1;

/** What `prepare` needs. */
export interface PrepareOptions {
  /** Ends with a slash. @defaultValue `cacheFolder` */
  readonly folder?: URL;
  /** Parquet. @defaultValue the 3,000,000 flights of vega-datasets */
  readonly rawFlights?: URL;
  /** CSV. @defaultValue the airports of vega-datasets */
  readonly rawAirports?: URL;
  /** Told now and then: the part that is done, 0 … 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** The input files. */
export interface Prepared {
  /** NDJSON of date (UTC epoch milliseconds), delay (minutes), distance (miles), origin, destination; in landing order. */
  readonly flights: URL;
  /** NDJSON of iata, state, city, name. */
  readonly airports: URL;
  readonly records: number;
  readonly bytes: number;
  readonly disorder: Disorder;
  /** Whether the files were there already. */
  readonly reused: boolean;
}

interface Note {
  readonly format: number;
  readonly rawFlightsBytes: number;
  readonly rawAirportsBytes: number;
  readonly records: number;
  readonly bytes: number;
  readonly airportsBytes: number;
  readonly disorder: Disorder;
}

/** Makes the input files, or finds them made. */
export async function prepare(options: PrepareOptions = {}): Promise<Prepared> {
  const { folder = cacheFolder, rawFlights = flightsFile, rawAirports = airportsFile } = options;
  const files = { flights: new URL("flights.ndjson", folder), airports: new URL("airports.ndjson", folder), note: new URL("prepared.json", folder) };
  const raw = { format, rawFlightsBytes: (await stat(rawFlights)).size, rawAirportsBytes: (await stat(rawAirports)).size };
  const found = await usableNote(files, raw);
  if (found !== undefined) return prepared(files, found, true);

  await mkdir(folder, { recursive: true });
  await rm(files.note, { force: true });
  const airportsText = airportLines(parseAirports(await readFile(rawAirports, "utf8")));
  await writeWhole(files.airports, [Buffer.from(airportsText)]);
  const flights = await readFlights(rawFlights);
  options.onProgress?.(0.5);
  const order = landingOrder(flights);
  const bytes = await writeWhole(files.flights, flightLines({ flights, order }));
  const disorder = measureDisorder(flights, order);
  const note: Note = { ...raw, records: flights.count, bytes, airportsBytes: Buffer.byteLength(airportsText), disorder };
  await writeWhole(files.note, [Buffer.from(`${JSON.stringify(note, undefined, 2)}\n`)]);
  options.onProgress?.(1);
  return prepared(files, note, false);
}

interface Files {
  readonly flights: URL;
  readonly airports: URL;
  readonly note: URL;
}

function prepared({ flights, airports }: Files, { records, bytes, disorder }: Note, reused: boolean): Prepared {
  return { flights, airports, records, bytes, disorder, reused };
}

/** The note, if everything still fits it. */
async function usableNote(files: Files, raw: Pick<Note, "format" | "rawFlightsBytes" | "rawAirportsBytes">): Promise<Note | undefined> {
  try {
    const note = JSON.parse(await readFile(files.note, "utf8")) as Note;
    const sizes = [(await stat(files.flights)).size, (await stat(files.airports)).size];
    const same =
      note.format === raw.format &&
      note.rawFlightsBytes === raw.rawFlightsBytes &&
      note.rawAirportsBytes === raw.rawAirportsBytes &&
      sizes[0] === note.bytes &&
      sizes[1] === note.airportsBytes;
    return same ? note : undefined;
  } catch {
    // Missing or malformed: made again.
    return undefined;
  }
}

/** Writes a file under another name and gives it its own when it is complete; answers its size. */
async function writeWhole(file: URL, chunks: Iterable<Uint8Array>): Promise<number> {
  const unfinished = new URL(`${file.href}.${process.pid}.tmp`);
  let bytes = 0;
  try {
    const handle = await open(unfinished, "w");
    try {
      for (const chunk of chunks) {
        await handle.writeFile(chunk);
        bytes += chunk.length;
      }
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
  return bytes;
}
