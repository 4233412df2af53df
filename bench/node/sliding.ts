// Sliding windows by hand: a Map for each pane of 2 s, five of them merged for each window. node bench/node/sliding.ts INPUT OUTPUT
import { type Bid, eachLine, paths } from "./bids.ts";

const sizeMs = 10_000;
const slideMs = 2_000;
const boundMs = 5_000;

const { input, out } = paths();
const panes = new Map<number, Map<number, number>>();
let latest: { readonly startMs: number; readonly counts: Map<number, number> } = { startMs: NaN, counts: new Map() };
/** Start of the next window to fire. */
let next = NaN;

function fire(startMs: number): void {
  const counts = new Map<number, number>();
  for (let pane = startMs; pane < startMs + sizeMs; pane += slideMs) {
    for (const [auction, count] of panes.get(pane) ?? []) counts.set(auction, (counts.get(auction) ?? 0) + count);
  }
  panes.delete(startMs);
  for (const [auction, count] of counts) out.add(`{"auction":${auction},"windowStart":${startMs},"count":${count}}\n`);
}

function paneOf(startMs: number): Map<number, number> {
  let counts = panes.get(startMs);
  if (counts === undefined) {
    panes.set(startMs, (counts = new Map()));
    next = Number.isNaN(next) ? startMs - sizeMs + slideMs : Math.min(next, startMs - sizeMs + slideMs);
  }
  return counts;
}

eachLine<Bid>(input, ({ auction, dateTime }) => {
  const startMs = dateTime - (dateTime % slideMs);
  if (latest.startMs !== startMs) latest = { startMs, counts: paneOf(startMs) };
  latest.counts.set(auction, (latest.counts.get(auction) ?? 0) + 1);
  for (; next + sizeMs <= dateTime - boundMs; next += slideMs) fire(next);
});
for (; panes.size > 0; next += slideMs) fire(next);
out.close();
