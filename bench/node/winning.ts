// The winning bids of auctions by hand. Trusts that the input is in order, and that a bid comes behind its auction.
import { eachLine } from "./bids.ts";
import type { Auction, Bid, Event } from "./nexmark.ts";

const sweepEveryMs = 1_000;

interface Open {
  readonly auction: Auction;
  best: Bid | undefined;
}

/** Calls a function with each auction that got a bid in its time, and the best bid, when it is over. */
export function eachWinning(path: string, onWinning: (auction: Auction, bid: Bid) => void): void {
  const open = new Map<number, Open>();
  let sweptMs = -Infinity;

  const sweep = (nowMs: number): void => {
    sweptMs = nowMs;
    for (const [id, { auction, best }] of open) {
      if (auction.expires >= nowMs) continue;
      if (best !== undefined) onWinning(auction, best);
      open.delete(id);
    }
  };

  eachLine<Event>(path, (event) => {
    if (event.dateTime - sweptMs >= sweepEveryMs) sweep(event.dateTime);
    if (event.kind === "auction") open.set(event.id, { auction: event, best: undefined });
    else if (event.kind === "bid") bid(open.get(event.auction), event);
  });
  sweep(Infinity);
}

function bid(open: Open | undefined, given: Bid): void {
  if (open === undefined || given.dateTime > open.auction.expires) return;
  if (open.best === undefined || isAhead(given, open.best)) open.best = given;
}

function isAhead(a: Bid, b: Bid): boolean {
  if (a.price !== b.price) return a.price > b.price;
  return a.dateTime !== b.dateTime ? a.dateTime < b.dateTime : a.bidder < b.bidder;
}
