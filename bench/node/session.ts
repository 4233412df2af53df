// Sessions by hand: one open session for each bidder, swept once a second. node bench/node/session.ts INPUT OUTPUT
// Trusts that the input is in order.
import { type Bid, eachLine, paths } from "./bids.ts";

const gapMs = 10_000;
const sweepEveryMs = 1_000;

interface Session {
  readonly start: number;
  end: number;
  count: number;
}

const { input, out } = paths();
const open = new Map<number, Session>();
let sweptMs = -Infinity;

function emit(bidder: number, { start, end, count }: Session): void {
  out.add(`{"bidder":${bidder},"start":${start},"end":${end},"count":${count}}\n`);
}

function sweep(nowMs: number): void {
  sweptMs = nowMs;
  for (const [bidder, session] of open) {
    if (nowMs - session.end <= gapMs) continue;
    emit(bidder, session);
    open.delete(bidder);
  }
}

eachLine<Bid>(input, ({ bidder, dateTime }) => {
  if (dateTime - sweptMs > sweepEveryMs) sweep(dateTime);
  const session = open.get(bidder);
  if (session !== undefined && dateTime - session.end <= gapMs) {
    session.end = dateTime;
    session.count++;
    return;
  }
  if (session !== undefined) emit(bidder, session);
  open.set(bidder, { start: dateTime, end: dateTime, count: 1 });
});
sweep(Infinity);
out.close();
