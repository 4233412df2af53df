// The same rows into a table of Postgres by COPY alone, from memory: what the server and the wire take at least. No position is kept, and nothing is exactly once.
//   node bench/node/postgres.ts append|upsert URL INPUT REPORT
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";

interface Line {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly key: number;
  readonly value: number;
  readonly dateTime: number;
}

const [mode, url = "", input = "", path = ""] = process.argv.slice(2);
const isAppend = mode === "append";
const unixMsOfPostgresEpoch = 946_684_800_000;
const pieceBytes = 1 << 20;
const header = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
const trailer = Buffer.of(0xff, 0xff);

/** Rows of some lines in the binary form, in pieces. */
function piecesOf(lines: Iterable<string>): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let piece = Buffer.allocUnsafe(pieceBytes);
  let at = 0;
  const int = (value: number): void => void (at = piece.writeInt32BE(value, piece.writeInt32BE(4, at)));
  for (const line of lines) {
    const row = JSON.parse(line) as Line;
    if (at > pieceBytes - 512) {
      pieces.push(piece.subarray(0, at));
      [piece, at] = [Buffer.allocUnsafe(pieceBytes), 0];
    }
    at = piece.writeInt16BE(isAppend ? 5 : 3, at);
    for (const value of isAppend ? [row.auction, row.bidder, row.price] : [row.key, row.value]) int(value);
    if (isAppend) {
      const length = piece.write(row.channel, at + 4);
      at = piece.writeInt32BE(length, at) + length;
    }
    at = piece.writeBigInt64BE(BigInt(row.dateTime - unixMsOfPostgresEpoch) * 1000n, piece.writeInt32BE(8, at));
  }
  pieces.push(piece.subarray(0, at));
  return pieces;
}

/** One string of all lines would be too long for V8. */
function* linesOf(bytes: Buffer): Generator<string> {
  for (let from = 0, to: number; (to = bytes.indexOf(10, from)) >= 0; from = to + 1) yield bytes.toString("utf8", from, to);
}

const client = new Client({ connectionString: url });

async function copy(table: string, pieces: readonly Buffer[]): Promise<void> {
  const stream = client.query(copyFrom(`COPY ${table} FROM STDIN (FORMAT binary)`));
  stream.write(header);
  for (const piece of pieces) if (!stream.write(piece)) await once(stream, "drain");
  stream.end(trailer);
  await once(stream, "finish");
}

const pieces = piecesOf(linesOf(readFileSync(input)));
await client.connect();
const columns = isAppend
  ? "auction integer NOT NULL, bidder integer NOT NULL, price integer NOT NULL, channel text NOT NULL, \"dateTime\" timestamptz NOT NULL"
  : "key integer PRIMARY KEY, value integer NOT NULL, \"dateTime\" timestamptz NOT NULL";
await client.query(`CREATE TABLE bare (${columns})`);
if (!isAppend) await client.query("CREATE TEMPORARY TABLE staged (LIKE bare)");
const beganMs = performance.now();
await client.query("BEGIN");
await copy(isAppend ? "bare" : "staged", pieces);
if (!isAppend) await client.query('INSERT INTO bare SELECT * FROM staged ON CONFLICT (key) DO UPDATE SET value = excluded.value, "dateTime" = excluded."dateTime"; TRUNCATE staged');
await client.query("COMMIT");
const elapsedMs = performance.now() - beganMs;
await client.end();
writeFileSync(path, JSON.stringify({ elapsedMs }));
