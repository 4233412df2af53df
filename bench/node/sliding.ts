// Sliding windows by hand. node bench/node/sliding.ts INPUT OUTPUT
import { type Bid, eachLine, paths } from "./bids.ts";
import { SlidingCounts } from "./panes.ts";

const { input, out } = paths();
const windows = new SlidingCounts((startMs, counts) => {
  for (const [auction, count] of counts) out.add(`{"auction":${auction},"windowStart":${startMs},"count":${count}}\n`);
});
eachLine<Bid>(input, ({ auction, dateTime }) => windows.add(auction, dateTime));
windows.end();
out.close();
