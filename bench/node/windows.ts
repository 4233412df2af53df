// Tumbling windows by hand: a Map for each open window.
import { type Bid, eachLine, paths } from "./bids.ts";

const sizeMs = 10_000;
const boundMs = 5_000;
const leastPrice = 10_000;

interface Total {
  count: number;
  sum: number;
}

/** Counts and sums the prices of bids of at least 10,000, for each key and 10 s; up to 5 s out of order. */
export function totals<Key extends number | string>(keyOf: (bid: Bid) => Key, toText: (key: Key) => string): void {
  const { input, out } = paths();
  const windows = new Map<number, Map<Key, Total>>();
  let oldest = Infinity;

  const fireUpTo = (watermark: number): void => {
    const due = [...windows.keys()].filter((start) => start + sizeMs - 1 <= watermark).sort((a, b) => a - b);
    for (const start of due) {
      for (const [key, { count, sum }] of windows.get(start)!) out.add(`{${toText(key)},"windowStart":${start},"count":${count},"sum":${sum}}\n`);
      windows.delete(start);
    }
    oldest = Math.min(...windows.keys());
  };

  eachLine<Bid>(input, (bid) => {
    const { price, dateTime } = bid;
    if (price >= leastPrice) {
      const start = dateTime - (dateTime % sizeMs);
      let open = windows.get(start);
      if (open === undefined) {
        windows.set(start, (open = new Map()));
        oldest = Math.min(oldest, start);
      }
      const key = keyOf(bid);
      const total = open.get(key);
      if (total === undefined) open.set(key, { count: 1, sum: price });
      else {
        total.count++;
        total.sum += price;
      }
    }
    if (dateTime - boundMs - 1 >= oldest + sizeMs - 1) fireUpTo(dateTime - boundMs - 1);
  });
  fireUpTo(Infinity);
  out.close();
}
