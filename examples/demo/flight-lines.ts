// Writes flights as lines of JSON, byte by byte: three million times JSON.stringify would take most of the preparation.
import type { Flights } from "./flights.ts";

/** Room that one line may need besides its two airport codes. */
const maxLineBytes = 160;
const zero = 48;
const minus = 45;

/** What the writer is made from. */
export interface FlightLinesOptions {
  readonly flights: Flights;
  /** Rows, in the order of the lines. */
  readonly order: Uint32Array;
  /** Bytes per chunk, roughly. @defaultValue 4 MiB */
  readonly chunkBytes?: number;
}

/**
 * The lines, in chunks of whole lines. A chunk is only good until the next is asked for: its memory is used again.
 */
export function* flightLines({ flights, order, chunkBytes = 4 << 20 }: FlightLinesOptions): Generator<Uint8Array> {
  const { date, delay, distance, origin, destination, airports } = flights;
  const codes = airports.map((code) => Buffer.from(JSON.stringify(code)));
  const longest = codes.reduce((length, code) => Math.max(length, code.length), 0);
  const line = new LineBuffer(chunkBytes + maxLineBytes + 2 * longest);
  for (const row of order) {
    line.bytes(dateLabel);
    line.integer(date[row]!);
    line.bytes(delayLabel);
    line.integer(delay[row]!);
    line.bytes(distanceLabel);
    line.integer(distance[row]!);
    line.bytes(originLabel);
    line.bytes(codes[origin[row]!]!);
    line.bytes(destinationLabel);
    line.bytes(codes[destination[row]!]!);
    line.bytes(lineEnd);
    if (line.length >= chunkBytes) yield line.take();
  }
  if (line.length > 0) yield line.take();
}

const dateLabel = Buffer.from('{"date":');
const delayLabel = Buffer.from(',"delay":');
const distanceLabel = Buffer.from(',"distance":');
const originLabel = Buffer.from(',"origin":');
const destinationLabel = Buffer.from(',"destination":');
const lineEnd = Buffer.from("}\n");

class LineBuffer {
  readonly #buffer: Uint8Array;
  length = 0;

  constructor(byteLength: number) {
    this.#buffer = new Uint8Array(byteLength);
  }

  bytes(bytes: Uint8Array): void {
    const buffer = this.#buffer;
    let at = this.length;
    for (let i = 0; i < bytes.length; i++) buffer[at++] = bytes[i]!;
    this.length = at;
  }

  /** An integer of up to 15 digits. */
  integer(value: number): void {
    let rest = value;
    if (rest < 0) {
      this.#buffer[this.length++] = minus;
      rest = -rest;
    }
    // In two parts, so that each is divided as a small integer.
    if (rest >= 1e9) {
      const high = Math.floor(rest / 1e9);
      this.#digits(high, digitsOf(high));
      this.#digits(rest - high * 1e9, 9);
    } else {
      this.#digits(rest, digitsOf(rest));
    }
  }

  take(): Uint8Array {
    const taken = this.#buffer.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  #digits(value: number, count: number): void {
    const buffer = this.#buffer;
    let rest = value | 0;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const tenth = (rest / 10) | 0;
      buffer[at] = zero + rest - tenth * 10;
      rest = tenth;
    }
    this.length += count;
  }
}

function digitsOf(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}
