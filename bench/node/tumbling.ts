// W2 by hand. node bench/node/tumbling.ts INPUT OUTPUT
import { totals } from "./windows.ts";

totals(({ auction }) => auction, (auction) => `"auction":${auction}`);
