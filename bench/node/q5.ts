// Nexmark q5 by hand. node bench/node/q5.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { eachBid } from "./nexmark.ts";
import { SlidingCounts } from "./panes.ts";

const { input, out } = paths();
const windows = new SlidingCounts((startMs, counts) => {
  const most = Math.max(...counts.values());
  for (const [auction, count] of counts) if (count === most) out.add(`{"auction":${auction},"windowStart":${startMs},"count":${count}}\n`);
});
eachBid(input, ({ auction, dateTime }) => windows.add(auction, dateTime));
windows.end();
out.close();
