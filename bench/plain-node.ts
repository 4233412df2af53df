// W2 as a good engineer writes it by hand, without StreamFlow: chunks of a megabyte, JSON.parse of each line, a Map per open window.
//   node bench/plain-node.ts INPUT OUTPUT
import { closeSync, openSync, readSync, writeSync } from "node:fs";

const sizeMs = 10_000;
const boundMs = 5_000;
const leastPrice = 10_000;
const chunkBytes = 1 << 20;
const gatherChars = 1 << 16;

interface Bid {
  readonly auction: number;
  readonly price: number;
  readonly dateTime: number;
}
interface Total {
  count: number;
  sum: number;
}

const [input, output] = process.argv.slice(2);
if (input === undefined || output === undefined) throw new Error("usage: plain-node.ts INPUT OUTPUT");

const out = openSync(output, "w");
let text = "";
const windows = new Map<number, Map<number, Total>>();
let oldest = Infinity;

function emit(start: number, totals: ReadonlyMap<number, Total>): void {
  for (const [auction, { count, sum }] of totals) {
    text += `{"auction":${auction},"windowStart":${start},"count":${count},"sum":${sum}}\n`;
    if (text.length < gatherChars) continue;
    writeSync(out, text, null, "latin1");
    text = "";
  }
}

function fireUpTo(watermark: number): void {
  const due = [...windows.keys()].filter((start) => start + sizeMs - 1 <= watermark).sort((a, b) => a - b);
  for (const start of due) {
    emit(start, windows.get(start)!);
    windows.delete(start);
  }
  oldest = Math.min(...windows.keys());
}

function onBid({ auction, price, dateTime }: Bid): void {
  if (price < leastPrice) {
    if (dateTime - boundMs - 1 >= oldest + sizeMs - 1) fireUpTo(dateTime - boundMs - 1);
    return;
  }
  const start = dateTime - (dateTime % sizeMs);
  let totals = windows.get(start);
  if (totals === undefined) {
    windows.set(start, (totals = new Map()));
    oldest = Math.min(oldest, start);
  }
  const total = totals.get(auction);
  if (total === undefined) totals.set(auction, { count: 1, sum: price });
  else {
    total.count++;
    total.sum += price;
  }
  if (dateTime - boundMs - 1 >= oldest + sizeMs - 1) fireUpTo(dateTime - boundMs - 1);
}

const file = openSync(input, "r");
const buffer = Buffer.allocUnsafe(chunkBytes * 2);
let rest = 0;
for (let count = readSync(file, buffer, rest, chunkBytes, null); count > 0; count = readSync(file, buffer, rest, chunkBytes, null)) {
  const end = rest + count;
  const whole = buffer.lastIndexOf(10, end - 1) + 1;
  let from = 0;
  while (from < whole) {
    const to = buffer.indexOf(10, from);
    onBid(JSON.parse(buffer.toString("latin1", from, to)) as Bid);
    from = to + 1;
  }
  buffer.copy(buffer, 0, whole, end);
  rest = end - whole;
}
closeSync(file);
fireUpTo(Infinity);
writeSync(out, text, null, "latin1");
closeSync(out);
