// Sessions by hand. node bench/node/session.ts INPUT OUTPUT
import { type Bid, eachLine, paths } from "./bids.ts";
import { Sessions } from "./sessions.ts";

const { input, out } = paths();
const sessions = new Sessions(out);
eachLine<Bid>(input, ({ bidder, dateTime }) => sessions.add(bidder, dateTime));
sessions.end();
out.close();
