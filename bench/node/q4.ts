// Nexmark q4 by hand. node bench/node/q4.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { eachWinning } from "./winning.ts";

const { input, out } = paths();
const categories = new Map<number, { sum: number; count: number }>();
eachWinning(input, ({ category }, { price }) => {
  const total = categories.get(category);
  if (total === undefined) categories.set(category, { sum: price, count: 1 });
  else {
    total.sum += price;
    total.count++;
  }
});
for (const [category, { sum, count }] of categories) out.add(`{"category":${category},"average":${Math.floor(sum / count)}}\n`);
out.close();
