// W1 by hand. node bench/node/stateless.ts INPUT OUTPUT
import { type Bid, eachLine, paths } from "./bids.ts";

const { input, out } = paths();
eachLine<Bid>(input, ({ auction, price, channel, dateTime }) => {
  if (price >= 10_000) out.add(`${JSON.stringify({ auction, price: price * 2, channel, dateTime })}\n`);
});
out.close();
