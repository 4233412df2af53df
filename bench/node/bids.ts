// Reads bids as a good engineer does by hand: chunks of a megabyte, `indexOf` for the ends of lines, JSON.parse for each of them.
import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** A bid, as it is in the file. */
export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly dateTime: number;
}

const chunkBytes = 1 << 20;
const gatherChars = 1 << 16;

/** Calls a function with the value of each line of a file of NDJSON in ASCII. */
export function eachLine<Value>(path: string, onValue: (value: Value) => void): void {
  const file = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(chunkBytes * 2);
  let rest = 0;
  for (let count = readSync(file, buffer, rest, chunkBytes, null); count > 0; count = readSync(file, buffer, rest, chunkBytes, null)) {
    const end = rest + count;
    const whole = buffer.lastIndexOf(10, end - 1) + 1;
    let from = 0;
    while (from < whole) {
      const to = buffer.indexOf(10, from);
      onValue(JSON.parse(buffer.toString("latin1", from, to)) as Value);
      from = to + 1;
    }
    buffer.copy(buffer, 0, whole, end);
    rest = end - whole;
  }
  closeSync(file);
}

/** Writes lines to a file, many at a time. */
export class LineWriter {
  readonly #file: number;
  #text = "";

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  /** @param line ends with a newline */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length > gatherChars) this.#write();
  }

  close(): void {
    this.#write();
    closeSync(this.#file);
  }

  #write(): void {
    writeSync(this.#file, this.#text, null, "latin1");
    this.#text = "";
  }
}

/** INPUT and OUTPUT, of the command line. */
export function paths(): { readonly input: string; readonly out: LineWriter } {
  const [input, output] = process.argv.slice(2);
  if (input === undefined || output === undefined) throw new Error("usage: FILE.ts INPUT OUTPUT");
  return { input, out: new LineWriter(output) };
}
