// Bids of an auction house, after the proportions of Nexmark: half of the bids are on one hot auction, prices spread over six powers of ten.
// @see Tucker, Tufte, Papadimos, Maier, "NEXMark: A Benchmark for Queries over Data Streams", 2002; the proportions are those of Apache Beam's suite

import { randomOf } from "./random.ts";

/** What bids are made from. Equal options give equal bytes. */
export interface BidOptions {
  readonly records: number;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Of 1: how many bids come early by up to four seconds, so that those around them are out of order. @defaultValue 0 */
  readonly disorder?: number;
  /** @defaultValue 1 MiB */
  readonly chunkBytes?: number;
}

/** Event time of the first bid: 2015-07-15T00:00:00Z. */
const startMs = 1_436_918_400_000;
const bidsPerSecond = 9_200;
/** A line, its newline included, has this many bytes. */
export const bidBytes = 249;
const maxDisorderMs = 4_000;
const channels = 10_000;
const letters = 1 << 16;

/**
 * Lines of NDJSON, in chunks of whole lines:
 * `{"auction":…,"bidder":…,"price":…,"channel":"…","url":"…","dateTime":…,"extra":"…"}`.
 */
export function* bidLines({ records, seed = 1, disorder = 0, chunkBytes = 1 << 20 }: BidOptions): Generator<Buffer> {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const word = (length: number): string => Array.from({ length }, () => String.fromCharCode(97 + below(26))).join("");
  const filler = word(letters + bidBytes);
  const links = Array.from({ length: channels }, (_, i) => ({ channel: `channel-${i}`, url: `https://auctions.example/${word(5)}/${word(5)}/item.htm?query=1&channel_id=${i * 7919}` }));
  const hot = ["Alder", "Birch", "Cedar", "Maple"].map((channel) => ({ channel, url: `https://auctions.example/${word(5)}/${word(5)}/item.htm?query=1` }));
  let text = "";
  for (let i = 0; i < records; i++) {
    const newest = Math.floor((i * 3) / 46);
    const auction = 1_000 + (below(2) === 0 ? newest - (newest % 100) : Math.max(0, newest - below(110)));
    const bidder = 1_000 + (below(4) > 0 ? Math.floor(i / 46 / 100) * 100 : below(1_000));
    const price = Math.round(10 ** (random() * 6) * 100);
    const { channel, url } = below(2) === 0 ? hot[below(hot.length)]! : links[below(channels)]!;
    const timeMs = startMs + Math.floor((i * 1_000) / bidsPerSecond) - (disorder > 0 && random() < disorder ? below(maxDisorderMs) : 0);
    const head = `{"auction":${auction},"bidder":${bidder},"price":${price},"channel":"${channel}","url":"${url}","dateTime":${timeMs},"extra":"`;
    const from = below(letters);
    text += `${head}${filler.slice(from, from + Math.max(0, bidBytes - head.length - 3))}"}\n`;
    if (text.length < chunkBytes) continue;
    yield Buffer.from(text, "latin1");
    text = "";
  }
  if (text !== "") yield Buffer.from(text, "latin1");
}
