// The table of airports, reduced to what the demo joins and shows.

export const airportsFile: URL = new URL("../data/airports.csv", import.meta.resolve("vega-datasets"));

/** An airport of the table. */
export interface Airport {
  readonly iata: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
}

const wanted = ["iata", "name", "city", "state"] as const;

/** Reads the airports from CSV text with a header. */
export function parseAirports(csv: string): readonly Airport[] {
  const [header = [], ...rows] = parseCsv(csv);
  const places = wanted.map((name) => header.indexOf(name));
  if (places.includes(-1)) throw new Error(`the airports need the columns ${wanted.join(", ")}; found ${header.join(", ")}`);
  return rows.map((row) => {
    const [iata = "", name = "", city = "", state = ""] = places.map((place) => row[place] ?? "");
    return { iata, name, city, state };
  });
}

/** One JSON object per line. */
export function airportLines(airports: readonly Airport[]): string {
  return airports.map(({ iata, state, city, name }) => `${JSON.stringify({ iata, state, city, name })}\n`).join("");
}

/** Rows of fields, RFC 4180: a quoted field may hold commas, line ends and doubled quotes. */
function parseCsv(text: string): string[][] {
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n)/y;
  const lines = text.endsWith("\n") ? text : `${text}\n`;
  const rows: string[][] = [];
  let row: string[] = [];
  while (field.lastIndex < lines.length) {
    const start = field.lastIndex;
    const match = field.exec(lines);
    if (match === null) throw new Error(`malformed CSV at character ${start}`);
    const [, raw = "", end] = match;
    row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
