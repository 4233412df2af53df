// What the queries of Nexmark have in common, by hand.
import { eachLine } from "./bids.ts";

/** An event of the file. */
export type Event = Person | Auction | Bid;

/** Somebody who registers. */
export interface Person {
  readonly kind: "person";
  readonly id: number;
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
}

/** What is sold. */
export interface Auction {
  readonly kind: "auction";
  readonly id: number;
  readonly itemName: string;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
}

/** A bid of the file. */
export interface Bid {
  readonly kind: "bid";
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly dateTime: number;
  readonly extra: string;
}

/** Calls a function with each bid. */
export function eachBid(path: string, onBid: (bid: Bid) => void): void {
  eachLine<Event>(path, (event) => {
    if (event.kind === "bid") onBid(event);
  });
}
