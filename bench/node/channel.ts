// W2 by hand, keyed by a string. node bench/node/channel.ts INPUT OUTPUT
import { totals } from "./windows.ts";

totals(({ channel }) => channel, (channel) => `"channel":${JSON.stringify(channel)}`);
