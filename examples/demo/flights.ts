// The flights of 2001 as vega-datasets ships them, read column by column.
import { readFile } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import { parquetMetadata, parquetRead } from "hyparquet";

/** Flights as columns; row `i` of the file is entry `i` of each. */
export interface Flights {
  readonly count: number;
  /** Scheduled departure, in milliseconds: the local time of the airport, read as UTC. */
  readonly date: Float64Array;
  /** Minutes between the scheduled and the real arrival; negative when early. */
  readonly delay: Int32Array;
  /** Miles. */
  readonly distance: Int32Array;
  /** Index into `airports`. */
  readonly origin: Uint16Array;
  /** Index into `airports`. */
  readonly destination: Uint16Array;
  /** IATA codes. */
  readonly airports: readonly string[];
}

/** One flight as plain values. */
export interface Flight {
  readonly date: number;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

export const flightsFile: URL = new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets"));

const micros = (value: bigint): number => Number(value) / 1000;

/** Reads a Parquet file of flights. Row groups are read one after the other, so that only one is held as objects. */
export async function readFlights(file: URL): Promise<Flights> {
  const content = await readFile(file);
  const bytes = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength);
  const metadata = parquetMetadata(bytes);
  const columns = new Columns(Number(metadata.num_rows));
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    await parquetRead({
      file: { byteLength: bytes.byteLength, slice: (start, end) => bytes.slice(start, end) },
      metadata,
      rowStart,
      rowEnd,
      compressors: { ZSTD: (page) => zstdDecompressSync(page) },
      // A number instead of a Date per row: three million objects less.
      parsers: { timestampFromMicroseconds: micros as unknown as (value: bigint) => Date },
      onChunk: ({ columnName, columnData, rowStart: at }) => columns.take(columnName, columnData as ArrayLike<unknown>, at),
    });
    rowStart = rowEnd;
  }
  return columns.finish();
}

/** Flights from rows: what tests are made of. */
export function flightsOf(rows: readonly Flight[]): Flights {
  const columns = new Columns(rows.length);
  for (const name of ["date", "delay", "distance", "origin", "destination"] as const) columns.take(name, rows.map((row) => row[name]), 0);
  return columns.finish();
}

/** Row `row` as plain values. */
export function flightAt(flights: Flights, row: number): Flight {
  return {
    date: at(flights.date, row),
    delay: at(flights.delay, row),
    distance: at(flights.distance, row),
    origin: at(flights.airports, at(flights.origin, row)),
    destination: at(flights.airports, at(flights.destination, row)),
  };
}

/** Entry `index`, which must exist. */
export function at<T>(list: { readonly [index: number]: T }, index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no entry ${index}`);
  return value;
}

class Columns {
  readonly #count: number;
  readonly #numbers: Readonly<Record<string, Float64Array | Int32Array>>;
  readonly #codes: Readonly<Record<string, Uint16Array>>;
  readonly #codeOf = new Map<unknown, number>();
  #taken = 0;

  constructor(count: number) {
    this.#count = count;
    this.#numbers = { date: new Float64Array(count), delay: new Int32Array(count), distance: new Int32Array(count) };
    this.#codes = { origin: new Uint16Array(count), destination: new Uint16Array(count) };
  }

  take(name: string, values: ArrayLike<unknown>, start: number): void {
    const numbers = this.#numbers[name];
    const codes = this.#codes[name];
    if (numbers !== undefined) this.#takeNumbers(numbers, values, start);
    else if (codes !== undefined) this.#takeCodes(codes, values, start);
    else throw new Error(`unknown column "${name}" among the flights`);
    this.#taken += values.length;
  }

  finish(): Flights {
    if (this.#taken !== this.#count * 5) throw new Error(`expected 5 columns of ${this.#count} flights, got ${this.#taken} values`);
    const { date, delay, distance } = this.#numbers as { date: Float64Array; delay: Int32Array; distance: Int32Array };
    const { origin, destination } = this.#codes as { origin: Uint16Array; destination: Uint16Array };
    return { count: this.#count, date, delay, distance, origin, destination, airports: [...this.#codeOf.keys()].map(String) };
  }

  #takeNumbers(column: Float64Array | Int32Array, values: ArrayLike<unknown>, start: number): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === null || value === undefined) throw new Error(`flight ${start + i} has a field without a value`);
      column[start + i] = Number(value);
    }
  }

  #takeCodes(column: Uint16Array, values: ArrayLike<unknown>, start: number): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      let code = this.#codeOf.get(value);
      if (code === undefined) {
        if (typeof value !== "string") throw new Error(`flight ${start + i} has an airport that is not text: ${String(value)}`);
        code = this.#codeOf.size;
        this.#codeOf.set(value, code);
      }
      column[start + i] = code;
    }
  }
}
