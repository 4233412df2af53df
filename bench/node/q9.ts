// Nexmark q9 by hand. node bench/node/q9.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { eachWinning } from "./winning.ts";

const { input, out } = paths();
eachWinning(input, ({ id, itemName, seller, category }, { bidder, price, dateTime }) => out.add(`${JSON.stringify({ id, itemName, seller, category, bidder, price, dateTime })}\n`));
out.close();
