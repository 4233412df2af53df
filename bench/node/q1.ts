// Nexmark q1 by hand. node bench/node/q1.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { eachBid } from "./nexmark.ts";

const { input, out } = paths();
eachBid(input, ({ auction, bidder, price, dateTime, extra }) => out.add(`${JSON.stringify({ auction, bidder, price: price * 908, dateTime, extra })}\n`));
out.close();
