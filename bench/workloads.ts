// What is measured: each variant of a workload is a job over an input.
import { bidsFile, type Input, nexmarkFile } from "./gen.ts";

/** A form of a workload. */
export interface Variant {
  readonly workload: string;
  readonly variant: string;
  /** What programs call it. */
  readonly job: string;
  /** What it does, for readers. */
  readonly summary: string;
  /** Its input has records out of order; programs that trust in order are left out. */
  readonly isDisordered?: boolean;
  readonly input: (input: Input) => string;
}

/** Of 1: how many records of the disordered variants come early, where the command line says nothing else. */
export const usualDisorder = 0.05;

const ordered = ({ records }: Input): string => bidsFile({ records });

/** The queries of W3, each a variant. */
function nexmark(summaries: Readonly<Record<string, string>>): readonly Variant[] {
  return Object.entries(summaries).map(([query, summary]) => ({ workload: "w3", variant: query, job: query, summary, input: nexmarkFile }));
}

/** In the order in which they are measured. */
export const variants: readonly Variant[] = [
  { workload: "w1", variant: "base", job: "stateless", summary: "keep bids of at least 10,000, double the price, write four of seven fields", input: ordered },
  { workload: "w2", variant: "base", job: "tumbling", summary: "keep bids of at least 10,000; count and sum for each auction and 10 s", input: ordered },
  { workload: "w2", variant: "sliding", job: "sliding", summary: "count for each auction and 10 s, every 2 s", input: ordered },
  { workload: "w2", variant: "session", job: "session", summary: "count for each bidder until 10 s pass without a bid", input: ordered },
  { workload: "w2", variant: "string-key", job: "channel", summary: "as base, for each channel: a string", input: ordered },
  { workload: "w2", variant: "disorder", job: "tumbling", summary: "as base, with records up to 4 s out of order", isDisordered: true, input: bidsFile },
  ...nexmark({
    q0: "bids, five of eight fields",
    q1: "as q0, with the price in another currency",
    q2: "auction and price of bids on one auction in 123",
    q3: "who sells in one category, in three states",
    q4: "the average price that wins, of each category",
    q5: "the auctions with most bids in 10 s, every 2 s",
    q7: "the highest bids of each 10 s",
    q8: "who has registered and opened an auction within the same 10 s",
    q9: "the bid that wins, of each auction",
    q11: "bids of each bidder until 10 s pass without one",
    q17: "counts and prices of bids, of each auction and day",
    q18: "the last bid of each bidder on each auction",
  }),
];

/** The variants that a name stands for: `w2` for all of a workload, `w2/sliding` for one. Empty where it stands for none. */
export function variantsOf(name: string): readonly Variant[] {
  return variants.filter(({ workload, variant }) => name === workload || name === `${workload}/${variant}`);
}
