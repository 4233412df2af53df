// Nexmark q7 by hand. node bench/node/q7.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { type Bid, eachBid } from "./nexmark.ts";

const sizeMs = 10_000;
const boundMs = 5_000;

const { input, out } = paths();
const windows = new Map<number, Bid[]>();

function fireUpTo(watermark: number): void {
  for (const [number, bids] of windows) {
    if ((number + 1) * sizeMs - 1 > watermark) continue;
    for (const { auction, bidder, price, dateTime } of bids) out.add(`{"auction":${auction},"bidder":${bidder},"price":${price},"dateTime":${dateTime}}\n`);
    windows.delete(number);
  }
}

eachBid(input, (bid) => {
  const number = Math.floor(bid.dateTime / sizeMs);
  const best = windows.get(number);
  if (best === undefined) {
    fireUpTo(bid.dateTime - boundMs - 1);
    windows.set(number, [bid]);
  } else if (bid.price > best[0]!.price) windows.set(number, [bid]);
  else if (bid.price === best[0]!.price) best.push(bid);
});
fireUpTo(Infinity);
out.close();
