// Nexmark q18 by hand. node bench/node/q18.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { eachBid } from "./nexmark.ts";

interface Last {
  readonly price: number;
  readonly dateTime: number;
}

const { input, out } = paths();
const bidders = new Map<number, Map<number, Last>>();
eachBid(input, ({ auction, bidder, price, dateTime }) => {
  let auctions = bidders.get(bidder);
  if (auctions === undefined) bidders.set(bidder, (auctions = new Map()));
  const last = auctions.get(auction);
  if (last === undefined || dateTime > last.dateTime || (dateTime === last.dateTime && price > last.price)) auctions.set(auction, { price, dateTime });
});
for (const [bidder, auctions] of bidders) {
  for (const [auction, { price, dateTime }] of auctions) out.add(`{"auction":${auction},"bidder":${bidder},"price":${price},"dateTime":${dateTime}}\n`);
}
out.close();
