// Nexmark q2 by hand. node bench/node/q2.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { eachBid } from "./nexmark.ts";

const { input, out } = paths();
eachBid(input, ({ auction, price }) => {
  if (auction % 123 === 0) out.add(`{"auction":${auction},"price":${price}}\n`);
});
out.close();
