// Nexmark q11 by hand. node bench/node/q11.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { eachBid } from "./nexmark.ts";
import { Sessions } from "./sessions.ts";

const { input, out } = paths();
const sessions = new Sessions(out);
eachBid(input, ({ bidder, dateTime }) => sessions.add(bidder, dateTime));
sessions.end();
out.close();
