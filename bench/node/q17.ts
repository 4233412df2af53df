// Nexmark q17 by hand. node bench/node/q17.ts INPUT OUTPUT
import { paths } from "./bids.ts";
import { eachBid } from "./nexmark.ts";

const dayMs = 86_400_000;

interface Total {
  totalBids: number;
  rank1: number;
  rank2: number;
  rank3: number;
  min: number;
  max: number;
  avg: number;
  sum: number;
}

const { input, out } = paths();
const days = new Map<number, Map<number, Total>>();
eachBid(input, ({ auction, price, dateTime }) => {
  const total = totalOf(dateTime - (dateTime % dayMs), auction);
  total.totalBids++;
  if (price < 10_000) total.rank1++;
  else if (price < 1_000_000) total.rank2++;
  else total.rank3++;
  total.min = Math.min(total.min, price);
  total.max = Math.max(total.max, price);
  total.sum += price;
});
for (const [day, totals] of days) {
  for (const [auction, total] of totals) out.add(`${JSON.stringify({ auction, day, ...total, avg: Math.floor(total.sum / total.totalBids) })}\n`);
}
out.close();

function totalOf(day: number, auction: number): Total {
  let totals = days.get(day);
  if (totals === undefined) days.set(day, (totals = new Map()));
  let total = totals.get(auction);
  if (total === undefined) totals.set(auction, (total = { totalBids: 0, rank1: 0, rank2: 0, rank3: 0, min: Infinity, max: -Infinity, avg: 0, sum: 0 }));
  return total;
}
